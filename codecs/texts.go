package codecs

// texts gathers the short texts of one value, so that one allocation holds them all.
// Who keeps one of them keeps its siblings as well, hence only short ones.
type texts struct {
	buf  []byte
	refs []textRef
}

// textRef says where a part of buf belongs.
type textRef struct {
	at       *string
	from, to int
}

// maxGathered is the length, in bytes, above which a text has memory of its own.
const maxGathered = 64

// add notes that *at will be b; nothing gathers in a nil texts.
func (t *texts) add(at *string, b []byte) {
	if t == nil || len(b) > maxGathered {
		*at = string(b)
		return
	}
	from := len(t.buf)
	t.buf = append(t.buf, b...)
	t.refs = append(t.refs, textRef{at, from, len(t.buf)})
}

// settle puts what was gathered in its places.
func (t *texts) settle() {
	all := string(t.buf)
	for _, r := range t.refs {
		*r.at = all[r.from:r.to]
	}
	t.drop()
}

func (t *texts) drop() { t.buf, t.refs = t.buf[:0], t.refs[:0] }
