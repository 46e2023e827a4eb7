package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A prepared request is all that goes over the connection: signing and writing it
// anew would cost the client more than it costs the server to answer.
type prepared []byte

// prepare signs a call of DynamoDB with that body.
func prepare(s *server, operation, body string) (prepared, error) {
	return prepareCall(s, "dynamodb", "DynamoDB_20120810."+operation, body)
}

// prepareCall signs a call of a service, by the target that names the operation.
func prepareCall(s *server, service, target, body string) (prepared, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.url+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", target)
	sum := sha256.Sum256([]byte(body))
	err = v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret}, req,
		hex.EncodeToString(sum[:]), service, region, time.Now())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = req.Write(&b)
	return b.Bytes(), err
}

// throughput sends requests over that many connections for a while, each answered
// before the next, and returns how many were answered in a second and the CPU that
// the server took for one, in microseconds.
func throughput(s *server, connections int, requests []prepared, d time.Duration) (perSecond, cpu float64, err error) {
	if _, err := drive(s, connections, requests, d/4); err != nil { // so that all is warm
		return 0, 0, err
	}
	before, start := cpuOf(s.pid), time.Now()
	n, err := drive(s, connections, requests, d)
	if err != nil {
		return 0, 0, err
	}
	took := time.Since(start)
	return float64(n) / took.Seconds(), (cpuOf(s.pid) - before) / float64(n), nil
}

func drive(s *server, connections int, requests []prepared, d time.Duration) (int, error) {
	counts, errs := make([]int, connections), make([]error, connections)
	end := time.Now().Add(d)
	var all sync.WaitGroup
	for c := range connections {
		all.Go(func() { counts[c], errs[c] = talk(s, requests[c*len(requests)/connections:], end) })
	}
	all.Wait()
	n := 0
	for c := range connections {
		if errs[c] != nil {
			return 0, errs[c]
		}
		n += counts[c]
	}
	return n, nil
}

// talk sends requests over one connection until the time is over.
func talk(s *server, requests []prepared, end time.Time) (n int, err error) {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	answers := bufio.NewReaderSize(conn, 64<<10)
	for time.Now().Before(end) {
		if _, err := conn.Write(requests[n%len(requests)]); err != nil {
			return n, err
		}
		if err := skipAnswer(answers); err != nil {
			return n, fmt.Errorf("%s: %w", s.name, err)
		}
		n++
	}
	return n, nil
}

// skipAnswer reads an answer, which must be 200.
func skipAnswer(r *bufio.Reader) error {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	ok := bytes.HasPrefix(status, []byte("HTTP/1.1 200"))
	first := string(bytes.TrimSpace(status))
	length, chunked := 0, false
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	if !ok {
		body := make([]byte, min(length, 500))
		_, _ = io.ReadFull(r, body)
		return fmt.Errorf("the server answers %s %s", first, body)
	}
	for chunked {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := r.Discard(int(n) + 2); err != nil {
			return err
		}
		chunked = n > 0
	}
	_, err = r.Discard(length)
	return err
}

// cpuOf is the CPU time that a process has taken, in microseconds; 0 where there is
// no /proc.
func cpuOf(pid int) float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const utime, stime = 11, 12
	ticks := 0.0
	for _, f := range []int{utime, stime} {
		n, err := strconv.ParseFloat(fields[f], 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return ticks * 10_000 // a tick is a hundredth of a second
}

// sendAll sends each request once, over one connection.
func sendAll(s *server, requests []prepared) error {
	_, err := timed(s, requests, len(requests))
	return err
}

// timed sends n requests over one connection and returns how long each took, in ms.
func timed(s *server, requests []prepared, n int) ([]float64, error) {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answers := bufio.NewReaderSize(conn, 64<<10)
	times := make([]float64, 0, n)
	for i := range n {
		start := time.Now()
		if _, err := conn.Write(requests[i%len(requests)]); err != nil {
			return nil, err
		}
		if err := skipAnswer(answers); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		times = append(times, float64(time.Since(start).Nanoseconds())/1e6)
	}
	return times, nil
}
