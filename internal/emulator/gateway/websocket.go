package gateway

// The routes of WebSocket APIs that are not for messages.
const (
	Connect    = "$connect"
	Disconnect = "$disconnect"
)
