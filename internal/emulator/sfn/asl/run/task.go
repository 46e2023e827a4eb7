package run

import (
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// task begins the task of a state.
func (x *Execution) task(t *thread, st *asl.State) error {
	r := st.Task.Resource
	x.nextID++
	t.Task = &taskState{ID: x.nextID}
	if r.Pattern == asl.WaitForTaskToken || r.Kind == asl.Activity {
		t.Task.Token = x.host.Token(t.Task.ID)
	}
	input, err := x.effective(t, st)
	if err != nil {
		return err
	}
	timeout, err := x.duration(t, st, st.Task.Timeout)
	if err != nil {
		return err
	}
	heartbeat, err := x.duration(t, st, st.Task.Heartbeat)
	if err != nil {
		return err
	}
	var credentials any
	if st.Task.Credentials != nil {
		var in any
		if in, err = x.path(t, st.InputPath, t.Input.v); err != nil {
			return err
		}
		if credentials, err = st.Task.Credentials.Eval(x.env(t, in)); err != nil {
			return err
		}
	}
	if done, err := x.mocked(t, st); done {
		return err
	}
	text := textOf(input)
	if len(text) > MaxPayload {
		x.fail(t, st, tooLarge(st.Name))
		return nil
	}
	begin := Task{
		ID: t.Task.ID, Token: t.Task.Token, State: st.Name, Resource: r, Input: input, Credentials: credentials,
		Timeout: timeout, Heartbeat: heartbeat, Retry: t.Attempts,
	}
	if err := x.host.Accept(begin); err != nil {
		return err
	}
	x.event(t, scheduled[r.Kind], x.scheduling(r, text, timeout, heartbeat, credentials))
	now := x.host.Now()
	if timeout > 0 {
		t.Task.Deadline = now.Add(timeout)
	}
	if t.Task.Heartbeat = heartbeat; heartbeat > 0 {
		t.Task.Beat = now.Add(heartbeat)
	}
	t.Phase = working
	x.touch(t)
	x.host.Begin(begin)
	return nil
}

var scheduled = map[asl.Kind]string{
	asl.Function: "LambdaFunctionScheduled", asl.Activity: "ActivityScheduled", asl.Integration: "TaskScheduled",
}

// prefix is what the events of a task begin with.
func prefix(r asl.Resource) string { return strings.TrimSuffix(scheduled[r.Kind], "Scheduled") }

func (x *Execution) scheduling(r asl.Resource, input string, timeout, heartbeat time.Duration, credentials any) *jsonvalue.Object {
	var d *jsonvalue.Object
	if r.Kind == asl.Integration {
		d = service(r)
		d.Set("region", x.params.Region)
		d.Set("parameters", input)
	} else {
		d = details("resource", r.ARN, "input", input, "inputDetails", complete())
	}
	if timeout > 0 {
		d.Set("timeoutInSeconds", timeout.Seconds())
	}
	if heartbeat > 0 && r.Kind != asl.Function {
		d.Set("heartbeatInSeconds", heartbeat.Seconds())
	}
	if o, ok := credentials.(*jsonvalue.Object); ok && r.Kind != asl.Activity {
		d.Set("taskCredentials", details("roleArn", o.Get("RoleArn")))
	}
	return d
}

// service are the members that name an integration in events.
func service(r asl.Resource) *jsonvalue.Object {
	return details("resourceType", r.Service, "resource", r.Action+string(r.Pattern))
}

// under is the thread of a task that is under way, or nil.
func (x *Execution) under(id int) (*thread, *asl.State) {
	if x.status != Running {
		return nil, nil
	}
	for _, t := range x.threads {
		if t.Phase == working && t.Task.ID == id {
			return t, t.state()
		}
	}
	return nil, nil
}

// TaskStarted says that a task was taken up, by a worker of that name in the case
// of activities.
func (x *Execution) TaskStarted(id int, worker string) {
	t, st := x.under(id)
	if t == nil || t.Task.Started {
		return
	}
	t.Task.Started = true
	x.touch(t)
	r := st.Task.Resource
	var d *jsonvalue.Object
	switch r.Kind {
	case asl.Integration:
		d = service(r)
	case asl.Activity:
		if d = details(); worker != "" {
			d.Set("workerName", worker)
		}
	}
	x.event(t, prefix(r)+"Started", d)
}

// TaskSubmitted says what a service answered whose work goes on: with .sync or a
// task token.
func (x *Execution) TaskSubmitted(id int, output string) {
	t, st := x.under(id)
	if t == nil {
		return
	}
	t.Task.Submitted = true
	d := service(st.Task.Resource)
	d.Set("output", output)
	d.Set("outputDetails", complete())
	x.event(t, "TaskSubmitted", d)
	x.touch(t)
}

// TaskHeartbeat says that a task is still at work. It tells whether there is such
// a task.
func (x *Execution) TaskHeartbeat(id int) bool {
	t, _ := x.under(id)
	if t == nil {
		return false
	}
	if t.Task.Heartbeat > 0 {
		t.Task.Beat = x.host.Now().Add(t.Task.Heartbeat)
		x.touch(t)
	}
	return true
}

// TaskSucceeded gives the result of a task, as JSON. It tells whether there is
// such a task. Advance goes on with it.
func (x *Execution) TaskSucceeded(id int, output string) bool {
	t, st := x.under(id)
	if t == nil {
		return false
	}
	r := st.Task.Resource
	if len(output) > MaxPayload {
		name := r.Service
		if r.Kind != asl.Integration {
			name = r.ARN
		}
		x.taskFailed(t, st, tooLarge(name))
		return true
	}
	result, err := jsonvalue.Parse([]byte(output))
	if err != nil {
		x.taskFailed(t, st, Fails("States.Runtime", "The result of the task is no JSON: "+err.Error()))
		return true
	}
	d := details()
	if r.Kind == asl.Integration {
		d = service(r)
	}
	d.Set("output", output)
	d.Set("outputDetails", complete())
	x.event(t, prefix(r)+"Succeeded", d)
	x.show("result", result)
	if err := x.leave(t, st, result, nil); err != nil {
		x.wrong(t, st, err)
	}
	return true
}

// TaskFailed gives the error of a task. It tells whether there is such a task.
func (x *Execution) TaskFailed(id int, f Failure) bool {
	t, st := x.under(id)
	if t == nil {
		return false
	}
	x.taskFailed(t, st, f)
	return true
}

// TaskRefused gives the error of a task's worker, who may be faster than the service's
// answer to who handed the task over. It tells whether there is such a task.
func (x *Execution) TaskRefused(id int, f Failure) bool {
	t, st := x.under(id)
	if t == nil {
		return false
	}
	t.Task.Submitted = true
	x.taskFailed(t, st, f)
	return true
}

// taskFailed records that a task failed, and fails its state.
func (x *Execution) taskFailed(t *thread, st *asl.State, f Failure) {
	how := "Failed"
	if r := st.Task.Resource; r.Pattern != asl.RequestResponse && !t.Task.Submitted {
		how = "SubmitFailed"
	}
	x.recordFailure(t, st, how, f)
	x.fail(t, st, f)
}

func (x *Execution) recordFailure(t *thread, st *asl.State, how string, f Failure) {
	r := st.Task.Resource
	d := details()
	if r.Kind == asl.Integration {
		d = service(r)
	}
	for k, v := range f.details().All() {
		d.Set(k, v)
	}
	x.event(t, prefix(r)+how, d)
}

// late is the failure of a task whose time is over. Its cause is empty.
func late() Failure {
	name, none := "States.Timeout", ""
	return Failure{Error: &name, Cause: &none}
}

func (x *Execution) recordTimeout(t *thread) {
	x.host.Cancel(t.Task.ID)
	x.recordFailure(t, t.state(), "TimedOut", late())
}

// taskTimedOut ends a task whose time is over, or whose heartbeat is missing.
func (x *Execution) taskTimedOut(t *thread, now time.Time) {
	f := late()
	if t.Task.Deadline.IsZero() || now.Before(t.Task.Deadline) {
		f.also = "States.HeartbeatTimeout"
	}
	x.fail(t, t.state(), f)
}
