package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"
)

// logf writes a line as K3s and RKE2 do: time, level, message.
func logf(level, format string, args ...any) {
	message := strings.TrimSpace(fmt.Sprintf(format, args...))
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%q\n",
		time.Now().UTC().Format(time.RFC3339), level, message)
}

func infof(format string, args ...any)  { logf("info", format, args...) }
func warnf(format string, args ...any)  { logf("warning", format, args...) }
func errorf(format string, args ...any) { logf("error", format, args...) }

// quiet drops what Go's HTTP server and proxy say of clients that went away.
var quiet = log.New(io.Discard, "", 0)
