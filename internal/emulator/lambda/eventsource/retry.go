package eventsource

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// A part is a piece of a batch that waits for its attempt.
type part struct {
	records []Record
	tries   int // that failed and count against the retries
	calls   int // of the function
}

// handle carries a batch through all of its attempts. It returns nil when every
// record is done with or ctx is done; an error is one of keeping the position.
func (l *lane) handle(ctx context.Context, batch []Record) error {
	l.openWindow(batch[0])
	todo := []part{{records: batch}} // in order
	for waited := 0; len(todo) > 0; {
		p := todo[0]
		todo = todo[1:]
		if old := l.aged(p.records); old > 0 {
			l.giveUp(ctx, p.records[:old], "RecordAgeExceeded", p.calls+1, nil)
			if err := l.done(p.records[old-1]); err != nil {
				return err
			}
			if p.records = p.records[old:]; len(p.records) == 0 {
				continue
			}
		}
		answer, failed, err := l.attempt(ctx, p.records)
		if errors.Is(err, ErrStopped) {
			return err
		}
		p.calls++
		if n := len(p.records) - len(failed); n > 0 {
			waited = 0
			if err := l.done(p.records[n-1]); err != nil {
				return err
			}
		}
		if len(failed) == 0 {
			l.Report(ResultOK)
			continue
		}
		l.Report(ResultProblem)
		next, lost := l.after(p, failed)
		if lost {
			l.giveUp(ctx, failed, "RetryAttemptsExhausted", p.calls, answer)
			if err := l.done(failed[len(failed)-1]); err != nil {
				return err
			}
			continue
		}
		todo = append(next, todo...)
		if pause(ctx, l.Clock, backoff(waited)) {
			return nil
		}
		waited++
	}
	return nil
}

// after is what to do with records that failed: the parts to try next, or that they
// are lost. Splitting a batch does not count against its retries.
func (l *lane) after(p part, failed []Record) (next []part, lost bool) {
	if l.Bisect && len(failed) == len(p.records) && len(failed) > 1 {
		half := len(failed) / 2
		return []part{{failed[:half], p.tries, p.calls}, {failed[half:], p.tries, p.calls}}, false
	}
	if l.Retries >= 0 && p.tries >= l.Retries {
		return nil, true
	}
	return []part{{failed, p.tries + 1, p.calls}}, false
}

// aged is how many records at the front are too old.
func (l *lane) aged(records []Record) int {
	if l.MaxAge < 0 {
		return 0
	}
	oldest := l.Clock.Now().Add(-l.MaxAge)
	n := slices.IndexFunc(records, func(r Record) bool { return !r.At.Before(oldest) })
	if n < 0 {
		return len(records)
	}
	return n
}

// attempt hands records to the function and returns those that it has not handled:
// all from the first that failed.
func (l *lane) attempt(ctx context.Context, records []Record) (answer *Answer, failed []Record, err error) {
	a, err := l.Function.Invoke(context.WithoutCancel(ctx), l.event(records, false, false))
	if err != nil {
		l.Log.Warn("records of a stream could not be delivered", "stream", l.StreamARN, "records", len(records), "error", err)
		return nil, records, err
	}
	if a.Failed {
		return &a, records, nil
	}
	if l.Partial {
		place := func(id string) int {
			return slices.IndexFunc(records, func(r Record) bool { return r.Sequence == id })
		}
		ids, ok := failures(a.Payload, func(id string) bool { return place(id) >= 0 })
		if !ok {
			return &a, records, nil
		}
		first := len(records)
		for _, id := range ids {
			first = min(first, place(id))
		}
		failed = records[first:]
	}
	if len(failed) < len(records) {
		l.keepState(a.Payload)
	}
	return &a, failed, nil
}

// Lost describes records that are given up, and the event that would have been
// their next.
type Lost struct {
	Record []byte // the JSON that destinations get
	Event  []byte
	Shard  string
}

type lostRecord struct {
	RequestContext struct {
		RequestID string `json:"requestId"`
		Function  string `json:"functionArn,omitempty"`
		Condition string `json:"condition"`
		Invokes   int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	ResponseContext *lostResponse `json:"responseContext,omitempty"`
	Version         string        `json:"version"`
	Timestamp       string        `json:"timestamp"`
	Batch           lostBatch     `json:"DDBStreamBatchInfo"`
}

type lostResponse struct {
	Status  int     `json:"statusCode"`
	Version string  `json:"executedVersion"`
	Error   *string `json:"functionError"`
}

type lostBatch struct {
	Shard string `json:"shardId"`
	Start string `json:"startSequenceNumber"`
	End   string `json:"endSequenceNumber"`
	First string `json:"approximateArrivalOfFirstRecord"`
	Last  string `json:"approximateArrivalOfLastRecord"`
	Size  int    `json:"batchSize"`
	ARN   string `json:"streamArn"`
}

// giveUp hands records that failed for good to the mapping's destination.
func (l *lane) giveUp(ctx context.Context, records []Record, condition string, calls int, last *Answer) {
	if l.GiveUp == nil {
		return
	}
	var out lostRecord
	out.RequestContext.RequestID = l.NewID()
	out.RequestContext.Function = l.FunctionARN
	out.RequestContext.Condition, out.RequestContext.Invokes = condition, calls
	if last != nil {
		out.RequestContext.RequestID = last.RequestID
		out.ResponseContext = &lostResponse{Status: 200, Version: last.Version}
		if last.Failed {
			unhandled := "Unhandled"
			out.ResponseContext.Error = &unhandled
		}
	}
	first, end := records[0], records[len(records)-1]
	out.Version, out.Timestamp = "1.0", l.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	out.Batch = lostBatch{
		Shard: l.Shard, Start: first.Sequence, End: end.Sequence, First: first.At.UTC().Format(time.RFC3339),
		Last: end.At.UTC().Format(time.RFC3339), Size: len(records), ARN: l.StreamARN,
	}
	text, err := json.Marshal(out)
	if err == nil {
		err = l.GiveUp(context.WithoutCancel(ctx), Lost{Record: text, Event: l.event(records, false, false), Shard: l.Shard})
	}
	if err != nil {
		l.Log.Warn("records that were given up could not be sent to their destination", "stream", l.StreamARN, "records", len(records), "error", err)
	}
}
