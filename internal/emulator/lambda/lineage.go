package lambda

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"
)

// maxLoop is how often a function is invoked in one chain of requests before AWS
// takes it for a loop.
const maxLoop = 16

var errLoop = &types.RecursiveInvocationException{
	Message: aws.String("Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped your function's invocation."),
	Type:    user,
}

// follow returns the trace header for an invocation that a request with that header
// asks for, or errLoop. Functions send the header along with their own requests, so
// that its last part tells how often each function has run in the chain:
// Root=…;Parent=…;Sampled=0;Lineage=COUNT:FUNCTION:TIMES|FUNCTION:TIMES.
func follow(header string, f *function, c types.FunctionConfiguration, now time.Time) (string, error) {
	root, sampled, lineage := "", "", ""
	for part := range strings.SplitSeq(header, ";") {
		switch k, v, _ := strings.Cut(strings.TrimSpace(part), "="); k {
		case "Root":
			root = v
		case "Sampled":
			sampled = v
		case "Lineage":
			lineage = v
		}
	}
	id := uuid.New()
	if root == "" {
		root = fmt.Sprintf("1-%08x-%x", now.Unix(), id[:12])
	}
	if sampled != "0" && sampled != "1" {
		// Functions with active tracing see it as sampled, as on AWS; what they would
		// send to X-Ray stays with them, for there is no X-Ray here.
		sampled = "0"
		if c.TracingConfig != nil && c.TracingConfig.Mode == types.TracingModeActive {
			sampled = "1"
		}
	}
	lineage, times := extend(lineage, aws.ToString(c.FunctionArn))
	if times > maxLoop && f.RecursiveLoop != types.RecursiveLoopAllow {
		return "", errLoop
	}
	return fmt.Sprintf("Root=%s;Parent=%x;Sampled=%s;Lineage=%s", root, id[8:], sampled, lineage), nil
}

// extend counts one more invocation of a function, and returns how many it are.
func extend(lineage, arn string) (string, int) {
	sum := sha256.Sum256([]byte(arn))
	id := hex.EncodeToString(sum[:4])
	count, rest, _ := strings.Cut(lineage, ":")
	total, _ := strconv.Atoi(count) // what is no number counts from the beginning
	var parts []string
	times := 1
	for part := range strings.SplitSeq(rest, "|") {
		name, n, ok := strings.Cut(part, ":")
		if name == id {
			before, _ := strconv.Atoi(n)
			times = before + 1
		} else if ok {
			parts = append(parts, part)
		}
	}
	parts = append(parts, id+":"+strconv.Itoa(times))
	return strconv.Itoa(total+1) + ":" + strings.Join(parts, "|"), times
}
