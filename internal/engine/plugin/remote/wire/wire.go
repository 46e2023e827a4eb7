// Package wire holds the messages that a provider in another process is sent
// and answers with. All of it but this comment is generated from provider.proto:
//
//	protoc --go_out=. --go_opt=paths=source_relative provider.proto
//
// with protoc-gen-go v1.36.11. It must not know what the messages are for.
package wire
