package backend

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Holder is who holds a lock, in the form of Terraform's own.
type Holder struct {
	ID        string
	Operation string
	Info      string // the process, and when it was last heard of
	Who       string // user@host
	Version   string
	Created   time.Time
	Path      string
}

// NewHolder describes this process as the holder of a lock.
func NewHolder(o Options, path string) Holder {
	return Holder{
		ID: uuid.NewString(), Operation: o.Operation, Who: who() + "@" + host(), Version: o.Version,
		Info: fmt.Sprintf("pid %d", os.Getpid()), Created: time.Now().UTC(), Path: path,
	}
}

func who() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

func host() string {
	if h, err := os.Hostname(); err == nil {
		return h
	}
	return "unknown"
}

// HeardOf is h with the time at which its process was there.
func (h Holder) HeardOf(now time.Time) Holder {
	process, _, _ := strings.Cut(h.Info, heard)
	h.Info = process + heard + now.UTC().Format(time.RFC3339)
	return h
}

const heard = ", there at "

// Alive says in a sentence whether the process is there that holds the lock, as
// far as that can be known from here.
func (h Holder) Alive() string {
	_, at, _ := strings.Cut(h.Who, "@")
	process, seen, _ := strings.Cut(h.Info, heard)
	word, number, _ := strings.Cut(process, " ")
	last := ""
	if t, err := time.Parse(time.RFC3339, seen); err == nil {
		last = fmt.Sprintf(" It was last heard of %s ago; a run that is under way says every minute that it is.", time.Since(t).Round(time.Second))
	}
	pid, err := strconv.Atoi(number)
	switch {
	case at != host():
		return "It was taken on the machine " + at + ", so whether its process still runs can only be seen there." + last
	case word != "pid" || err != nil:
		return "It does not say which process took it."
	case runs(pid):
		return fmt.Sprintf("A process with its number, %d, runs on this machine: most likely the run is still under way.", pid)
	}
	return fmt.Sprintf("Its process, number %d, does not run on this machine any more: the run is over.", pid)
}
