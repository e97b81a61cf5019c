package lookup

import (
	"fmt"
	"strconv"
	"strings"
)

// Position is how far some partitions of a table have been applied, ordered by
// partition. Its text is partition:offset[,partition:offset], such as
// "0:12,3:1234"; the empty text is the position before everything.
type Position []Mark

// Mark is the position of one partition.
type Mark struct {
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"` // the offset after the last applied record: all below it are applied
}

// ParsePosition reads the text of a position. Its error says which part of the
// text is wrong.
func ParsePosition(text string) (Position, error) {
	if text == "" {
		return nil, nil
	}
	var position Position
	last := int32(-1)
	for part := range strings.SplitSeq(text, ",") {
		mark, err := parseMark(part)
		if err != nil {
			return nil, err
		}
		if mark.Partition <= last {
			return nil, fmt.Errorf("partition %d follows partition %d: partitions come in ascending order, each once", mark.Partition, last)
		}
		last = mark.Partition
		position = append(position, mark)
	}
	return position, nil
}

func parseMark(text string) (Mark, error) {
	left, right, found := strings.Cut(text, ":")
	if !found {
		return Mark{}, fmt.Errorf("%q is not partition:offset", text)
	}
	partition, err := strconv.ParseUint(left, 10, 31)
	if err != nil {
		return Mark{}, fmt.Errorf("%q is not a partition", left)
	}
	offset, err := strconv.ParseUint(right, 10, 63)
	if err != nil {
		return Mark{}, fmt.Errorf("%q is not an offset", right)
	}
	return Mark{Partition: int32(partition), Offset: int64(offset)}, nil
}

func (p Position) String() string {
	var text []byte
	for i, mark := range p {
		if i > 0 {
			text = append(text, ',')
		}
		text = mark.append(text)
	}
	return string(text)
}

func (m Mark) String() string { return string(m.append(nil)) }

func (m Mark) append(text []byte) []byte {
	text = strconv.AppendInt(text, int64(m.Partition), 10)
	text = append(text, ':')
	return strconv.AppendInt(text, m.Offset, 10)
}

// positionOf leaves out the partitions without any applied record: they are
// before everything, which is what not naming them means.
func positionOf(offsets []int64) Position {
	position := make(Position, 0, len(offsets))
	for partition, offset := range offsets {
		if offset > 0 {
			position = append(position, Mark{Partition: int32(partition), Offset: offset})
		}
	}
	return position
}

// markOf is the position of one partition; none applied yet counts as 0.
func markOf(offsets []int64, partition int32) Mark {
	if int(partition) >= len(offsets) {
		return Mark{Partition: partition}
	}
	return Mark{Partition: partition, Offset: max(0, offsets[partition])}
}

// reached says whether all that position names has been applied.
func (p Position) reached(offsets []int64) bool {
	for _, mark := range p {
		if markOf(offsets, mark.Partition).Offset < mark.Offset {
			return false
		}
	}
	return true
}

// of keeps what a position says of one partition.
func (p Position) of(partition int32) Position {
	for _, mark := range p {
		if mark.Partition == partition {
			return Position{mark}
		}
	}
	return nil
}
