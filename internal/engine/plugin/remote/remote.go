// Package remote calls providers that run in another process, over gRPC in
// version 6 or 5 of Terraform's protocol, and makes them look like providers in
// this one: a tfprotov6.ProviderServer.
//
// It must not know schemas beyond their transport, configurations or plans, and
// it starts no process: it attaches to those that others have started. Calls
// that the engine never makes are refused by name.
package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"net"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// maxMessage is the size in bytes that providers limit their messages to.
const maxMessage = 256 << 20

// Attachment is where a provider listens that somebody else has started: an
// entry of TF_REATTACH_PROVIDERS.
type Attachment struct {
	Protocol        string // "grpc"
	ProtocolVersion int    // 5 or 6; 0 is 5
	Addr            struct {
		Network string // "unix" or "tcp"
		String  string
	}
}

// Attachments reads the text of TF_REATTACH_PROVIDERS: attachments by the source
// address of the provider. Empty text is none.
func Attachments(text string) (map[string]Attachment, error) {
	if text == "" {
		return nil, nil
	}
	var out map[string]Attachment
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("reading the JSON object of attached providers: %w", err)
	}
	for source, a := range out {
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("the attached provider %q: %w", source, err)
		}
	}
	return out, nil
}

func (a Attachment) check() error {
	switch {
	case a.Protocol != "grpc":
		return fmt.Errorf("the protocol is %q, but only \"grpc\" is known", a.Protocol)
	case a.ProtocolVersion != 0 && a.ProtocolVersion != 5 && a.ProtocolVersion != 6:
		return fmt.Errorf("the protocol version is %d, but only 5 and 6 are known", a.ProtocolVersion)
	case a.Addr.Network != "unix" && a.Addr.Network != "tcp":
		return fmt.Errorf("the network is %q, but only \"unix\" and \"tcp\" are known", a.Addr.Network)
	case a.Addr.String == "":
		return fmt.Errorf("the address is empty")
	}
	return nil
}

// Connect makes a client of the provider, which is first called when it is
// used. The connection lasts as long as the process.
func (a Attachment) Connect() (tfprotov6.ProviderServer, error) {
	conn, err := grpc.NewClient("passthrough:///"+a.Addr.String, append(DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, to string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, a.Addr.Network, to)
		}))...)
	if err != nil {
		return nil, fmt.Errorf("attaching to the provider at %s: %w", a.Addr.String, err)
	}
	return New(conn, a.ProtocolVersion), nil
}

// New is the provider at the other end of a connection, which speaks version 5
// or 6 of the protocol.
func New(conn grpc.ClientConnInterface, version int) tfprotov6.ProviderServer {
	return &client{conn: conn, old: version != 6}
}

// DialOptions are what every connection to a provider needs: room for messages
// as long as providers send them, and no proxy.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithNoProxy(),
	}
}

// client is a provider in another process.
type client struct {
	refused
	conn grpc.ClientConnInterface
	old  bool // it speaks version 5
}

// oldNames are the calls that version 5 has other names for.
var oldNames = map[string]string{
	"GetProviderSchema":          "GetSchema",
	"ValidateProviderConfig":     "PrepareProviderConfig",
	"ValidateResourceConfig":     "ValidateResourceTypeConfig",
	"ValidateDataResourceConfig": "ValidateDataSourceConfig",
	"ConfigureProvider":          "Configure",
	"StopProvider":               "Stop",
}

// method is the full name of a call by its name in version 6.
func (c *client) method(name string) string {
	if !c.old {
		return "/tfplugin6.Provider/" + name
	}
	if old := oldNames[name]; old != "" {
		name = old
	}
	return "/tfplugin5.Provider/" + name
}

// call makes one call by its name in version 6.
func (c *client) call(ctx context.Context, name string, in, out proto.Message) error {
	if err := c.conn.Invoke(ctx, c.method(name), in, out); err != nil {
		s := status.Convert(err)
		return fmt.Errorf("the call %s ended with %s: %s", name, s.Code(), s.Message())
	}
	return nil
}
