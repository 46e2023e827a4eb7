package sqs

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// attribute is an attribute of a queue that can be set.
type attribute struct {
	initial  string // empty: there is none until it is set
	min, max int    // of a number
	words    []string
	fifo     bool // only FIFO queues have it
	document bool // a JSON document; an empty one removes it
	free     bool // any text; an empty one removes it
}

var attributes = map[string]attribute{
	"ContentBasedDeduplication":     {initial: "false", words: []string{"true", "false"}, fifo: true},
	"DeduplicationScope":            {initial: "queue", words: []string{"messageGroup", "queue"}, fifo: true},
	"DelaySeconds":                  {initial: "0", max: 900},
	"FifoQueue":                     {words: []string{"true"}, fifo: true},
	"FifoThroughputLimit":           {initial: "perQueue", words: []string{"perQueue", "perMessageGroupId"}, fifo: true},
	"KmsDataKeyReusePeriodSeconds":  {min: 60, max: 86400},
	"KmsMasterKeyId":                {free: true},
	"MaximumMessageSize":            {initial: "1048576", min: 1024, max: 1048576},
	"MessageRetentionPeriod":        {initial: "345600", min: 60, max: 1209600},
	"Policy":                        {document: true},
	"ReceiveMessageWaitTimeSeconds": {initial: "0", max: 20},
	"RedriveAllowPolicy":            {document: true},
	"RedrivePolicy":                 {document: true},
	"SqsManagedSseEnabled":          {initial: "true", words: []string{"true", "false"}},
	"VisibilityTimeout":             {initial: "30", max: 43200},
}

// counted are the attributes that are found out when they are asked for.
var counted = []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"}

// initial are the attributes of a new queue.
func initial(fifo bool) map[string]string {
	out := map[string]string{}
	for name, a := range attributes {
		if a.initial != "" && (fifo || !a.fifo) {
			out[name] = a.initial
		}
	}
	if fifo {
		out["FifoQueue"] = "true"
	}
	return out
}

// set puts new values into the attributes of q, all or none.
func (s *Service) set(tx *store.Tx, q *queue, given map[string]string, creating bool) error {
	after := maps.Clone(q.Attributes)
	if given["KmsMasterKeyId"] != "" && given["SqsManagedSseEnabled"] == "true" {
		return badAttributeName("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		a, ok := attributes[name]
		switch {
		case name == "FifoQueue" && q.fifo() && !creating && v != "true":
			return &types.InvalidAttributeValue{Message: ptr("Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")}
		case !ok:
			return badAttributeName("Unknown Attribute %s.", name)
		case a.fifo && !q.fifo() && (name == "DeduplicationScope" || name == "FifoThroughputLimit"):
			return badAttributeName("You can specify the %s only when FifoQueue is set to true.", name)
		case a.fifo && !q.fifo():
			return badAttributeName("Unknown Attribute %s.", name)
		case v == "" && (a.document || a.free):
			delete(after, name)
			continue
		}
		v, err := s.checked(tx, q, name, a, v)
		if err != nil {
			return err
		}
		after[name] = v
	}
	switch {
	case given["KmsMasterKeyId"] != "":
		after["SqsManagedSseEnabled"] = "false"
	case given["SqsManagedSseEnabled"] == "true":
		delete(after, "KmsMasterKeyId")
	}
	if after["KmsMasterKeyId"] == "" {
		delete(after, "KmsDataKeyReusePeriodSeconds")
	} else if after["KmsDataKeyReusePeriodSeconds"] == "" {
		after["KmsDataKeyReusePeriodSeconds"] = "300"
	}
	if after["FifoThroughputLimit"] == "perMessageGroupId" && after["DeduplicationScope"] != "messageGroup" {
		return &types.InvalidAttributeValue{Message: ptr("The perMessageGroupId value for FifoThroughputLimit is allowed only when the value for DeduplicationScope is messageGroup.")}
	}
	q.Attributes = after
	return nil
}

// checked is the value of an attribute as it is kept.
func (s *Service) checked(tx *store.Tx, q *queue, name string, a attribute, v string) (string, error) {
	switch {
	case a.document:
		if !json.Valid([]byte(v)) {
			return "", badAttribute(name)
		}
		switch name {
		case "Policy":
			if json.Unmarshal([]byte(v), &policy{}) != nil {
				return "", badAttribute(name)
			}
		case "RedrivePolicy":
			return s.checkRedrive(tx, q, v)
		case "RedriveAllowPolicy":
			return v, checkAllow(v)
		}
	case a.words != nil:
		if !slices.Contains(a.words, v) {
			return "", badAttribute(name)
		}
	case !a.free:
		if n, err := strconv.Atoi(v); err != nil || n < a.min || n > a.max {
			return "", badAttribute(name)
		}
	}
	return v, nil
}

// redrive is the attribute RedrivePolicy.
type redrive struct {
	Target string `json:"deadLetterTargetArn"`
	Max    int    `json:"maxReceiveCount"`
}

// redrivePolicy is where messages go that were received too often, if anywhere.
func (q *queue) redrivePolicy() (redrive, bool) {
	var p redrive
	text := q.Attributes["RedrivePolicy"]
	return p, text != "" && json.Unmarshal([]byte(text), &p) == nil
}

// allowance is the attribute RedriveAllowPolicy.
type allowance struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns,omitempty"`
}

func (s *Service) checkRedrive(tx *store.Tx, q *queue, text string) (string, error) {
	var raw struct {
		Target string      `json:"deadLetterTargetArn"`
		Max    json.Number `json:"maxReceiveCount"`
	}
	wrong := func(reason string) error {
		return badValue("Value %s for parameter RedrivePolicy is invalid. Reason: %s", text, reason)
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return "", wrong("Redrive policy is not a valid JSON map.")
	}
	n, err := strconv.Atoi(raw.Max.String())
	switch {
	case raw.Max == "":
		return "", wrong("Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	case raw.Target == "":
		return "", wrong("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	case err != nil || n < 1 || n > 1000:
		return "", wrong("Invalid value for maxReceiveCount: " + raw.Max.String() + ", valid values are from 1 to 1000 both inclusive.")
	}
	target, ok := s.named(tx, raw.Target)
	switch {
	case !ok:
		return "", wrong("Dead letter target does not exist.")
	case target.fifo() != q.fifo():
		return "", wrong("Dead-letter queue must be same type of queue as the source.")
	case !target.allows(q.arn()):
		return "", wrong("The redrive allow policy of the dead-letter queue does not allow this queue.")
	}
	out, err := json.Marshal(redrive{raw.Target, n})
	return string(out), err
}

// allows tells whether q may be the dead-letter queue of source.
func (q *queue) allows(source string) bool {
	var a allowance
	text := q.Attributes["RedriveAllowPolicy"]
	if text == "" || json.Unmarshal([]byte(text), &a) != nil {
		return true
	}
	return a.Permission == "allowAll" || a.Permission == "byQueue" && slices.Contains(a.Sources, source)
}

func checkAllow(text string) error {
	var a allowance
	wrong := func(reason string) error {
		return badValue("Value %s for parameter RedriveAllowPolicy is invalid. Reason: %s", text, reason)
	}
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return wrong("Amazon SQS can't create the redrive allow policy, as it's not in a valid JSON format.")
	}
	switch a.Permission {
	case "allowAll", "denyAll":
		if len(a.Sources) > 0 {
			return wrong("The sourceQueueArns can only be specified when redrivePermission is byQueue.")
		}
	case "byQueue":
		if len(a.Sources) == 0 || len(a.Sources) > 10 {
			return wrong("There must be 1 to 10 sourceQueueArns when redrivePermission is byQueue.")
		}
	default:
		return wrong("The redrivePermission must be allowAll, denyAll or byQueue.")
	}
	return nil
}

// SetQueueAttributes changes attributes of a queue.
func (s *Service) SetQueueAttributes(ctx context.Context, in *sqs.SetQueueAttributesInput) (*sqs.SetQueueAttributesOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error {
		if err := q.admits(ctx, "SetQueueAttributes"); err != nil {
			return err
		}
		if err := s.set(tx, q, in.Attributes, false); err != nil {
			return err
		}
		q.Modified = s.now() / 1000
		s.queues.Put(tx, q.key(), *q)
		return nil
	})
	if err == nil {
		s.wake(ctx, in.QueueUrl)
	}
	return &sqs.SetQueueAttributesOutput{}, err
}

// GetQueueAttributes returns attributes of a queue.
func (s *Service) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
	out := &sqs.GetQueueAttributesOutput{}
	err := s.view(ctx, in.QueueUrl, func(tx *store.Tx, q queue) error {
		if err := q.admits(ctx, "GetQueueAttributes"); err != nil {
			return err
		}
		all := maps.Clone(q.Attributes)
		all["QueueArn"] = q.arn()
		all["CreatedTimestamp"] = strconv.FormatInt(q.Created, 10)
		all["LastModifiedTimestamp"] = strconv.FormatInt(q.Modified, 10)
		wants := func(name string) bool {
			return slices.Contains(in.AttributeNames, types.QueueAttributeName(name)) || slices.Contains(in.AttributeNames, types.QueueAttributeNameAll)
		}
		if slices.ContainsFunc(counted, wants) {
			for i, n := range s.count(tx, &q) {
				all[counted[i]] = strconv.Itoa(n)
			}
		}
		for _, name := range in.AttributeNames {
			_, settable := attributes[string(name)]
			_, there := all[string(name)]
			if !settable && !there && name != types.QueueAttributeNameAll {
				return badAttributeName("Unknown Attribute %s.", name)
			}
		}
		for name, v := range all {
			if wants(name) {
				if out.Attributes == nil {
					out.Attributes = map[string]string{}
				}
				out.Attributes[name] = v
			}
		}
		return nil
	})
	return out, err
}

// count is how many messages wait, are delayed, and are in flight.
func (s *Service) count(tx *store.Tx, q *queue) (n [3]int) {
	now := s.now()
	for _, m := range s.messages.Prefix(tx, q.key()+"\x00") {
		switch {
		case m.expired(q, now):
		case m.Visible <= now:
			n[0]++
		case m.Receipt == "":
			n[1]++
		default:
			n[2]++
		}
	}
	return n
}

// number is an attribute that is one.
func (q *queue) number(name string) int64 {
	n, _ := strconv.ParseInt(q.Attributes[name], 10, 64) // checked when it was set
	return n
}
