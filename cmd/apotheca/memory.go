package main

import (
	"math"
	"runtime"
	"runtime/debug"
)

// burstMax is how far the heap may grow before garbage is looked for while a
// project is read: a project of 10,000 models and their tests stays below.
const burstMax = 896 << 20

// allocateFreely puts off the search for garbage while nearly all that is
// allocated stays, which takes a fifth off the processor time. It ends with
// what it returns, with the process, or by itself at the first search, when the
// heap has become that large after all. Who has set GOGC or GOMEMLIMIT has the
// say.
func (a *app) allocateFreely() (end func()) {
	for _, variable := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := a.env(variable); set {
			return func() {}
		}
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(burstMax)
	end = func() {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(math.MaxInt64)
	}
	runtime.AddCleanup(&struct{ _ *byte }{}, func(end func()) { end() }, end)
	return end
}
