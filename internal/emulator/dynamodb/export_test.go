package dynamodb

import "github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"

// Traces counts the streams and records that are kept, which the store does not
// count.
func (s *Service) Traces() (streams, records int) {
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for range s.streams.From(tx, "") {
			streams++
		}
		for range s.records.From(tx, "") {
			records++
		}
		return nil
	})
	return streams, records
}

// Kept counts the items of all backups, which the store does not count.
func (s *Service) Kept() (n int) {
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for range s.kept.From(tx, "") {
			n++
		}
		return nil
	})
	return n
}
