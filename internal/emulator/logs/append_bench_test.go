package logs

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// BenchmarkFlush stores the lines of an invocation in a stream that has many.
func BenchmarkFlush(b *testing.B) {
	s, c, ctx := newService(b)
	lines := []string{"START\n", "END\n", "REPORT\n"}
	more := func(n int) {
		for range n {
			if err := s.Append(ctx, "/aws/lambda/f", "s", c.Now(), always, lines...); err != nil {
				b.Fatal(err)
			}
		}
		s.Flush()
	}
	more(10_000)
	if _, err := s.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: ptr("/aws/lambda/f"), RetentionInDays: ptr(int32(1))}); err != nil {
		b.Fatal(err)
	}
	c.Advance(time.Second)
	b.ReportAllocs()
	for b.Loop() {
		more(50)
	}
}
