package process

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/heap"
)

// Config says how to run an emulator in this process.
type Config struct {
	DataDir        string // "" keeps everything in memory, where no other program finds it
	Addr           string // loopback address to listen on; "" for the data_dir's own port
	Main           string // path of this program's binary
	AnyCredentials bool   // see emulator.Config
	Throttle       bool   // see emulator.Config
	Waits          bool   // see emulator.Config
	Quotas         bool   // see emulator.Config
	Lag            int    // see emulator.Config
	// IdleStop is how long the emulator goes on without a request while it holds
	// nothing; zero means for ever.
	IdleStop time.Duration
	Log      *slog.Logger
	// Ready is called once, when the emulator answers at the address.
	Ready func(*Address)

	lock *os.File // the folder's lock if the parent has taken it
}

const (
	// drainTime is how long requests may go on when the emulator is told to stop.
	drainTime = 5 * time.Second
	// watchEvery is how often the emulator looks after its folder.
	watchEvery = 250 * time.Millisecond
)

// owner is the process that runs a folder's emulator.
type owner struct {
	folder   folder
	lock     *os.File
	emulator *emulator.Emulator
	address  *Address
	idleStop time.Duration
	stop     context.CancelFunc
	log      *slog.Logger
}

// tables is how the heap of an emulator grows: a large one is tables, whose items
// live long, so it grows by less, to keep memory low.
var tables = heap.Growth{Room: 32 << 20, Least: 40, Most: 800}

// Run runs an emulator until ctx is done, somebody stops it, its data_dir
// vanishes, or it has been idle for long enough.
func Run(ctx context.Context, c Config) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	heap.Tune(tables)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := &owner{lock: c.lock, idleStop: c.IdleStop, stop: stop, log: c.Log}
	if c.DataDir != "" {
		if err := p.own(ctx, c.DataDir); err != nil {
			return err
		}
		defer p.lock.Close()
	}
	l, err := p.listen(c.Addr)
	if err != nil {
		return err
	}
	defer l.Close() // again, when the emulator was never made
	p.address = &Address{URL: "http://" + l.Addr().String(), Token: rand.Text(), PID: os.Getpid()}
	if c.Main != "" {
		if p.address.Build, err = BuildOf(c.Main); err != nil {
			return err
		}
	}
	made, err := emulator.Moods(emulator.Config{
		DataDir: p.folder.path, Main: c.Main, Log: c.Log, AnyCredentials: c.AnyCredentials, Control: p.control(),
		Throttle: c.Throttle, Waits: c.Waits, Quotas: c.Quotas, Lag: c.Lag,
	})
	if err != nil {
		return err
	}
	if p.emulator, err = emulator.New(made); err != nil {
		return fmt.Errorf("starting the emulator: %w", err)
	}
	p.address.AccessKey, p.address.SecretKey = p.emulator.Credentials()
	return p.serve(ctx, l, c.Ready)
}

// own takes the folder's lock, unless the parent did, and removes the address of
// a predecessor that did not end in order.
func (p *owner) own(ctx context.Context, dataDir string) (err error) {
	if p.folder, err = open(dataDir); err != nil {
		return err
	}
	// Somebody who looks whether the lock is taken holds it for a moment, and
	// a predecessor may be about to end.
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for p.lock == nil {
		if p.lock, err = p.folder.lock(); err != nil {
			return err
		}
		if p.lock == nil && pause(ctx) != nil {
			where := ""
			if a, err := p.folder.readAddress(); err == nil {
				where = " at " + a.String()
			}
			return fmt.Errorf("an emulator runs in %s already%s; stop it with: tfserverless emulator stop -data-dir %s", p.folder.path, where, p.folder.path)
		}
	}
	if err := os.Remove(p.folder.file(addressFile)); err != nil && !os.IsNotExist(err) {
		p.lock.Close()
		return fmt.Errorf("removing the address of an emulator that is gone: %w", err)
	}
	return nil
}

func (p *owner) listen(addr string) (net.Listener, error) {
	if p.lock == nil {
		return Listen(addr)
	}
	return p.folder.listen(addr)
}

// serve answers until there is a reason to end, and ends in order: no newcomer
// finds the address, running requests finish, files are closed, the lock is freed.
func (p *owner) serve(ctx context.Context, l net.Listener, ready func(*Address)) error {
	served := make(chan error, 1)
	go func() { served <- p.emulator.Serve(l) }()
	if p.lock != nil {
		if err := p.folder.writeAddress(p.address); err != nil {
			p.emulator.Close()
			return err
		}
	}
	p.log.Info("emulator ready", "address", p.address, "data_dir", p.folder.path) // before others are told, who may look there
	if ready != nil {
		ready(p.address)
	}

	why, err := p.watch(ctx, served)
	p.log.Info("emulator stops", "reason", why)
	if p.lock != nil && p.folder.has(p.lock) {
		if err := os.Remove(p.folder.file(addressFile)); err != nil && !os.IsNotExist(err) {
			p.log.Warn("removing the address file", "error", err)
		}
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if closing := p.emulator.Shutdown(drain); err == nil {
		err = closing
	}
	return err
}

// watch returns when and why the emulator is to end.
func (p *owner) watch(ctx context.Context, served <-chan error) (why string, err error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return "it was told to", nil
		case err := <-served:
			return "it can no longer listen", err
		case <-tick.C:
		}
		if why := p.reason(); why != "" {
			return why, nil
		}
	}
}

// reason looks after the folder, and returns why the emulator is to end, if it is.
func (p *owner) reason() string {
	if p.lock != nil {
		if !p.folder.has(p.lock) {
			return "its data_dir is gone"
		}
		if a, err := p.folder.readAddress(); err != nil || a.Token != p.address.Token {
			if err := p.folder.writeAddress(p.address); err != nil {
				p.log.Warn("restoring the address file", "error", err)
			}
		}
	}
	if p.idleStop > 0 && p.emulator.Idle() >= p.idleStop {
		if n, err := p.emulator.Deployed(); err == nil && n == 0 {
			return "it was idle and holds nothing"
		}
	}
	return ""
}
