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

// Alive says in a sentence whether the process is there that holds the lock, as
// far as that can be known from here.
func (h Holder) Alive() string {
	_, at, _ := strings.Cut(h.Who, "@")
	word, number, _ := strings.Cut(h.Info, " ")
	pid, err := strconv.Atoi(number)
	switch {
	case at != host():
		return "It was taken on the machine " + at + ", so whether its process still runs can only be seen there."
	case word != "pid" || err != nil:
		return "It does not say which process took it."
	case runs(pid):
		return fmt.Sprintf("A process with its number, %d, runs on this machine: most likely the run is still under way.", pid)
	}
	return fmt.Sprintf("Its process, number %d, does not run on this machine any more: the run is over.", pid)
}
