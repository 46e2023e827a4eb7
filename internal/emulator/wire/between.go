package wire

import "net/http"

// A Request is a call that was understood, as [Between] sees it.
type Request struct {
	// Service is the service's name in credential scopes.
	Service, Operation, Region string
	// URL is what is asked for beyond the host; Body is all that was sent, nil
	// where it is read as a stream.
	URL  string
	Body []byte
}

// Between stands between calls and the services that answer them.
type Between interface {
	// Admit returns the error with which a call is refused; nil for none.
	Admit(Request) error
	// Show has a call answered to w, or answers it as an earlier one was.
	Show(r Request, w http.ResponseWriter, answer func(http.ResponseWriter))
}

func (c *call) request() Request {
	return Request{Service: c.svc.Name, Operation: c.op.Name, Region: c.cred.region, URL: c.r.URL.RequestURI(), Body: c.body}
}
