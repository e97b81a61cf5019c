package codecs

import (
	"reflect"
	"strings"
	"sync"
)

// Reflection is slow where it is done for every value, and cheap where it is done
// once. A workspace is a place for one value, with a tree of parts that point into
// it: one for each field, made by reflection, with pointers of the fields' own types.
// To encode, the value is put there and the parts write what they point at; to
// decode, the parts fill it in and the value is taken out. Workspaces are pooled.

// workspace holds a V and the part that P knows as all of it.
type workspace[V, P any] struct {
	v    V
	root P
	// Encodings are made here and then copied: where dst has no room for one, it
	// grows once and not with every part.
	scratch []byte
}

// workspaces lends them out. bind makes the part for the value that p points to;
// false: the type is not one that parts exist for, and there are no workspaces.
type workspaces[V, P any] struct {
	bind func(p reflect.Value) (P, bool)
	once sync.Once
	none bool
	pool sync.Pool
}

func newWorkspaces[V, P any](bind func(p reflect.Value) (P, bool)) *workspaces[V, P] {
	return &workspaces[V, P]{bind: bind}
}

func (ws *workspaces[V, P]) make() *workspace[V, P] {
	w, ok := new(workspace[V, P]), false
	if w.root, ok = ws.bind(reflect.ValueOf(&w.v)); !ok {
		return nil
	}
	return w
}

// open returns a workspace with the zero V, or nil if there is none for V.
func (ws *workspaces[V, P]) open() *workspace[V, P] {
	ws.once.Do(func() { ws.none = ws.make() == nil })
	if ws.none {
		return nil
	}
	if w, ok := ws.pool.Get().(*workspace[V, P]); ok {
		return w
	}
	return ws.make()
}

func (ws *workspaces[V, P]) close(w *workspace[V, P]) {
	var zero V
	w.v = zero
	if cap(w.scratch) > maxKept {
		w.scratch = nil
	}
	ws.pool.Put(w)
}

// pointer returns p, a pointer to a type whose underlying type is T, as a *T.
func pointer[T any](p reflect.Value) *T {
	return p.Convert(reflect.TypeFor[*T]()).Interface().(*T)
}

// nullable is what parts see of a *Null[T].
type nullable interface {
	parts() (value any, valid *bool)
}

func (n *Null[T]) parts() (value any, valid *bool) { return &n.V, &n.Valid }

// nullOf returns *p as a Null, if that is its type. One that embeds a Null has its
// methods too, but is not one.
func nullOf(p reflect.Value) (nullable, bool) {
	t := p.Type().Elem()
	if t.PkgPath() != ourPath || !strings.HasPrefix(t.Name(), "Null[") {
		return nil, false
	}
	n, ok := p.Interface().(nullable)
	return n, ok
}

var ourPath = reflect.TypeFor[Text]().PkgPath()

// isZeroer is what the option omitzero asks, if a type has it.
type isZeroer interface{ IsZero() bool }

var typeZeroer = reflect.TypeFor[isZeroer]()

// zeroOf returns what tells whether *p is left out under omitzero, by the rules that
// encoding/json and the CBOR library share. It is nil for interfaces.
func zeroOf(p reflect.Value) func() bool {
	v := p.Elem()
	switch t := v.Type(); {
	case t.Kind() == reflect.Interface:
		return nil
	case t.Kind() == reflect.Pointer && t.Implements(typeZeroer):
		return func() bool { return v.IsNil() || v.Interface().(isZeroer).IsZero() }
	case reflect.PointerTo(t).Implements(typeZeroer):
		return p.Interface().(isZeroer).IsZero
	}
	return v.IsZero
}

// emptyOf returns what tells whether *p is left out under omitempty; nil: it is of a
// kind that the two libraries see differently.
func emptyOf(p reflect.Value) func() bool {
	v := p.Elem()
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return func() bool { return v.Len() == 0 }
	case reflect.Bool, reflect.Pointer,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.IsZero
	}
	return nil
}

// either joins two reasons to leave a field out; nil is no reason.
func either(a, b func() bool) func() bool {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func() bool { return a() || b() }
}
