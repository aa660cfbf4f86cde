package pipeline

import (
	"bufio"
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
)

// forgetPeakMemory gives back what is no longer used, so that one stage does
// not hold the memory of the one before, and asks the kernel to count the
// process's peak resident memory from now on. Where it cannot, the peak stays
// that of the process.
func forgetPeakMemory() {
	debug.FreeOSMemory()
	// "5" resets VmHWM: proc(5), clear_refs.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// peakMemory is the process's peak resident memory in bytes since the last
// forgetPeakMemory; 0 where the system does not tell.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		fields := bytes.Fields(lines.Bytes())
		if len(fields) == 3 && string(fields[0]) == "VmHWM:" {
			kib, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			return kib << 10
		}
	}
	return 0
}
