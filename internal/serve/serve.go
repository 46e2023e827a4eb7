// Package serve offers a provider to Terraform and OpenTofu, which start this
// program as a plugin: it says where it listens, and serves the calls.
//
// It does what the Serve function of go-plugin does for programs of its gRPC
// protocol. That function is not called because it brings net/rpc with it, whose
// reflection makes the linker keep every method of every type: a quarter of the
// binary.
//
// It must not know what the provider offers.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"google.golang.org/grpc"
)

// Terraform sets this variable for the plugins that it starts.
const cookie, value = "TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"

// Protocol is the version of the protocol that is served.
const Protocol = 6

// messageLimit is the size of a request or answer at most, in bytes.
const messageLimit = 256 << 20

// patience is how long Terraform may take to connect, which it does at once: if it
// was killed before that, no connection's end tells of it.
const patience = 5 * time.Minute

// Wanted tells whether this process was started as a plugin. Its children inherit
// the variable that says so, but have arguments.
func Wanted() bool { return len(os.Args) == 1 && os.Getenv(cookie) == value }

// Provider serves a provider under its address, such as
// registry.terraform.io/tfserverless/serverless, until Terraform has enough of it.
// From then on what is printed goes to Terraform's log.
func Provider(address string, provider func() tfprotov6.ProviderServer) error {
	if !offered(os.Getenv("PLUGIN_PROTOCOL_VERSIONS")) {
		return fmt.Errorf("this provider speaks version %d of the plugin protocol, the program that started it only %s", Protocol, os.Getenv("PLUGIN_PROTOCOL_VERSIONS"))
	}
	if os.Getenv("PLUGIN_UNIX_SOCKET_GROUP") != "" {
		return errors.New("PLUGIN_UNIX_SOCKET_GROUP is set, but this provider gives its socket to no group")
	}
	var encryption *tls.Config
	var certificate string
	if client := os.Getenv("PLUGIN_CLIENT_CERT"); client != "" {
		var err error
		if encryption, certificate, err = mutual(client); err != nil {
			return fmt.Errorf("encrypting the plugin's connection: %w", err)
		}
	}
	listener, err := listen(context.Background())
	if err != nil {
		return fmt.Errorf("listening for Terraform: %w", err)
	}
	defer func() { _ = listener.Close() }()
	printed, stdout, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe for what is printed: %w", err)
	}
	warned, stderr, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe for what is printed: %w", err)
	}
	here := &presence{over: make(chan struct{})}
	server := &plugin.GRPCServer{
		Plugins: plugin.PluginSet{"provider": &tf6server.GRPCProviderPlugin{Name: address, GRPCProvider: provider}},
		Server: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(messageLimit), grpc.MaxSendMsgSize(messageLimit), grpc.StatsHandler(here))...)
		},
		TLS:    encryption,
		Stdout: printed, Stderr: warned, // which never end: go-plugin would log that to a logger that it lacks here
		DoneCh: make(chan struct{}),
	}
	if err := server.Init(); err != nil {
		return fmt.Errorf("offering the provider: %w", err)
	}
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // and nothing else: Terraform has got it too, and ends what it started
	at := listener.Addr()
	if _, err := fmt.Printf("%d|%d|%s|%s|%s|%s\n", plugin.CoreProtocolVersion, Protocol, at.Network(), at.String(), plugin.ProtocolGRPC, certificate); err != nil {
		return fmt.Errorf("telling Terraform where the provider listens: %w", err)
	}
	os.Stdout, os.Stderr = stdout, stderr
	nobody := time.AfterFunc(patience, here.unmet)
	defer nobody.Stop()
	go func() {
		<-here.over // calls whose Terraform has gone know it, and end in their own way
		server.Stop()
	}()
	server.Serve(listener)
	return nil
}

// offered tells whether the version that is served is among those of a list such
// as 5,6. A program that names none tries what it gets.
func offered(versions string) bool {
	if versions == "" {
		return true
	}
	for v := range strings.SplitSeq(versions, ",") {
		if strings.TrimSpace(v) == fmt.Sprint(Protocol) {
			return true
		}
	}
	return false
}
