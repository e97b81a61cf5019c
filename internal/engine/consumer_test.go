package engine

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/IBM/sarama"
)

func TestAGroupWhoseOffsetsStayOpenSaysWhereToRead(t *testing.T) {
	said := explained(fmt.Errorf("partition 3: %w", sarama.ErrUnstableOffsetCommit))
	if !errors.Is(said, sarama.ErrUnstableOffsetCommit) || !strings.Contains(said.Error(), "docs/operations.md") {
		t.Error(said)
	}
	if err := explained(io.EOF); err != io.EOF {
		t.Error(err)
	}
}
