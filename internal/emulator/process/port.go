package process

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Ports are chosen below those that systems hand to outgoing connections (32768
// and up on Linux), so that a kept port is not taken by one of these.
const firstPort, lastPort = 20000, 32767

// listen opens the emulator's port: addr if it is given, else the port that was
// chosen for this folder before, else a free one. It keeps the port.
func (d folder) listen(addr string) (net.Listener, error) {
	if addr != "" {
		l, err := Listen(addr)
		if err != nil {
			return nil, err
		}
		return d.keep(l)
	}
	if raw, err := os.ReadFile(d.file(portFile)); err == nil {
		port, err := strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 16)
		if err == nil && port > 0 {
			l, err := Listen(fmt.Sprintf("127.0.0.1:%d", port))
			if errors.As(err, &portInUse{}) {
				return nil, fmt.Errorf("port %d on 127.0.0.1, which %s has been given, is in use by another program; stop that program, or remove %s to have another port chosen (the URLs of deployed APIs change with it)", port, d.path, d.file(portFile))
			}
			return l, err
		}
	}
	for range 100 {
		l, err := Listen(fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(lastPort-firstPort+1)))
		if err == nil {
			return d.keep(l)
		}
		if !errors.As(err, &portInUse{}) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("finding a free port between %d and %d on 127.0.0.1: a hundred tries found none", firstPort, lastPort)
}

// keep writes the listener's port down.
func (d folder) keep(l net.Listener) (net.Listener, error) {
	port := l.Addr().(*net.TCPAddr).Port
	if err := d.write(portFile, []byte(strconv.Itoa(port)+"\n")); err != nil {
		l.Close()
		return nil, fmt.Errorf("keeping the port: %w", err)
	}
	return l, nil
}

// Listen opens a loopback address, such as "127.0.0.1:4566", and refuses any
// other: whoever reaches the emulator can have it run programs.
func Listen(addr string) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the address %q: %w; write it as 127.0.0.1:4566", addr, err)
	}
	if !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("the address %q is not of this machine alone: the emulator runs programs, so it answers on loopback addresses only, such as 127.0.0.1:%d", addr, tcp.Port)
	}
	l, err := net.ListenTCP("tcp", tcp)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, portInUse{tcp}
	}
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	return l, nil
}

// portInUse says that another program listens at an address.
type portInUse struct{ at *net.TCPAddr }

func (e portInUse) Error() string {
	return fmt.Sprintf("port %d on %s is in use by another program; stop that program, or choose another port with -addr", e.at.Port, e.at.IP)
}
