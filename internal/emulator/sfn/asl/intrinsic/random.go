package intrinsic

import "math"

// javaRandom gives the numbers of Java's java.util.Random, which is what AWS
// draws from when a seed is given: $random(42) is 0.7275636800328681 there.
type javaRandom struct{ state uint64 }

const (
	javaFactor = 0x5DEECE66D
	javaMask   = 1<<48 - 1
)

func seeded(seed int64) *javaRandom {
	return &javaRandom{(uint64(seed) ^ javaFactor) & javaMask} //nolint:gosec // the bits are meant
}

func (r *javaRandom) next(bits uint) int64 {
	r.state = (r.state*javaFactor + 0xB) & javaMask
	return int64(r.state >> (48 - bits)) //nolint:gosec // 31 bits at most
}

// float is a number from 0 to 1, 1 excluded.
func (r *javaRandom) float() float64 {
	return float64(r.next(26)<<27+r.next(27)) / (1 << 53)
}

// below is a whole number from 0 to n, n excluded.
func (r *javaRandom) below(n int64) int64 {
	switch {
	case n > math.MaxInt32:
		return int64(r.float() * float64(n))
	case n&(n-1) == 0:
		return n * r.next(31) >> 31
	}
	for {
		bits := r.next(31)
		if v := bits % n; bits-v+n-1 <= math.MaxInt32 {
			return v
		}
	}
}
