package task

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// A stateless task has no store to keep its clock in: it lies in the metadata of its committed offsets.
//
//	wm=1616673780000            the watermark of an external topic's partition, in ms
//	wm=1616673780000;advance=60000   ... of which the last minute is an idle advance
//	wm=1616673780000;complete   the same, of a topic that was bootstrapped
//	wm=;complete                ... when no time is known yet
//	clock=AQ...                 the clock of a task on internal topics, base64 (see clock.encode)
const (
	metaWatermark = "wm="
	metaAdvance   = ";advance="
	metaComplete  = ";complete"
	metaClock     = "clock="
)

// maxMeta is what brokers take by default (offset.metadata.max.bytes). A longer clock is not stored: after a
// restart such a task waits until it has heard all its senders again.
const maxMeta = 4096

// meta is the offset metadata of a stateless task; "": nothing is known of time.
func (c *clock) meta() string {
	if in := c.sources[0]; in.group == 0 {
		return in.senders[0].meta()
	}
	s := metaClock + base64.RawStdEncoding.EncodeToString(c.encode())
	if len(s) > maxMeta {
		return ""
	}
	return s
}

func (s *sender) meta() string {
	text := ""
	if s.watermark != NoTime {
		text = strconv.FormatInt(s.watermark, 10)
	}
	if s.advance > 0 {
		text += metaAdvance + strconv.FormatInt(s.advance, 10)
	}
	if s.complete {
		text += metaComplete
	}
	if text == "" {
		return ""
	}
	return metaWatermark + text
}

// restoreMeta takes what meta wrote. Metadata that others wrote is nothing to go by.
func (c *clock) restoreMeta(s string) error {
	external := c.sources[0].group == 0
	if text, ok := strings.CutPrefix(s, metaWatermark); ok && external {
		text, complete := strings.CutSuffix(text, metaComplete)
		if complete {
			c.complete(&c.sources[0].senders[0])
		}
		c.restoreWatermark(text)
		return nil
	}
	if text, ok := strings.CutPrefix(s, metaClock); ok && !external {
		b, err := base64.RawStdEncoding.DecodeString(text)
		if err == nil {
			err = c.restore(b)
		}
		if err != nil {
			return fmt.Errorf("damaged clock in the offset metadata: %w", err)
		}
	}
	return nil
}

// restoreWatermark takes the watermark of an external topic, with or without an idle advance in it.
func (c *clock) restoreWatermark(text string) {
	text, ahead, _ := strings.Cut(text, metaAdvance)
	wm, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return
	}
	advance, err := strconv.ParseInt(ahead, 10, 64)
	if err != nil || advance < 0 || advance > maxSpan {
		advance = 0
	}
	c.update(&c.sources[0].senders[0], wm, advance, false)
}
