package funcs_test

import "strconv"

// A key that nothing but these tests ever used, as HCL string literals: the
// text "message" sealed with it, and the key.
var (
	sealed  = strconv.Quote("kyvbn1QEh+ticnND1ZvUZ4ZbIek+tx2AHviJvjewGgm/77/1DT38JkWpmLOAKTkb7gzLsCT23HwLRmZMixdNDML4QfzYHr83g2lLs8s8NaNNfoaShNruMm7d3nqJrS/cN+g0DrDgOrXAvZiP+1SZl76y11GRX2xxRRtsJARPspc=")
	testKey = strconv.Quote(`-----BEGIN RSA PRIVATE KEY-----
MIICXwIBAAKBgQC9UFAb7XlUXrfjYs+eMv0gf7Tn9XXUWHUmsHhBJApNjuqV1CSE
VUxhAu71FUIs3xhX9eBdUOg07PlS7xN47ltInG1AgC2kXtop7tVMsJ/5UbApWtlE
IdEJ/tEGMN6HBI8S2S/tmYWbeXcEqYsgcQ0dqtB68gdEDLhTfYD7TOkHXwIDAQAB
AoGBAJQGtFzh9rjNxyN5I7YjUGGU+bNV7ug2soOqAJ2OvK+gTDUTR+phd/NzA72G
/dNwLey5SNIubSLVGK6MWcF5Ps3SLcJj6haCMIXH5HRAQAzdQlTAvCuFDppIW41A
YJOwiob1WKD+zRFKFkemfZh45nxfl9JOxDrdESrOI1O/i1hBAkEA8SkBDIC3tO8G
JwAlUOXV5YNaEMAATvAoGIcV/1tnzZ6vplgnyBzIGWxfhQOwecu4eSymTSEkXxA3
f7kymFHmiQJBAMj2kl9KZaNtzsBoaBMmwmtcGVm4fKD4gWNAlAhwN8SWEU9CsGtT
rvNgiubBgzye/Q2R6qHebBYRGYlzIJh1hKcCQQCMinnrAGSPFDFAr0wP7jGOVNM7
KbnERx8G1ErUiz9eTFlPFtbwPx25+zdbfD/vavLx4zxzfJoGsJu3WoWK0UgJAkEA
sC/EujhujW6q8fNXM1sq3pcbPpbI5ROZ1Ft8rT09F2P9/wBXzXDLlGJSxOZpWY+G
CgygqZNoLZyGSAQgUqnNRwJBAKL0Bym/tdK0ul1ay4az6Eumb69WObMaQjqQyYqB
nN71nOD5SHyUb4Xl6t7nmnZS7DShki76Ovqgb69FlcQtG+A=
-----END RSA PRIVATE KEY-----
`)
)
