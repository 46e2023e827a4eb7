package local

// WithoutSnapshots has runs save nothing before they end, however long they take.
func WithoutSnapshots() { interval = 0 }
