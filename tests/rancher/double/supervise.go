package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Process is a child program that is kept running.
type Process struct {
	Name string
	Argv []string // Argv[0] is the program's path
	Env  []string // added to our own environment
	Log  string   // file that takes its output; our own output without it
	// Once: its end is not an accident. It is not started again.
	Once bool
}

// Supervisor keeps child programs running until it is stopped. Children die with us, whatever
// ends us; what they started in turn (containerd's shims, pods) stays.
type Supervisor struct {
	mutex    sync.Mutex
	children []*child
	failed   chan error
}

type child struct {
	process Process
	cancel  context.CancelFunc
	done    chan struct{}
}

const (
	restartDelay = time.Second
	stopPatience = 15 * time.Second
)

// NewSupervisor gives one without children.
func NewSupervisor() *Supervisor { return &Supervisor{failed: make(chan error, 1)} }

// Fail ends the program with an error, the first one that is told.
func (s *Supervisor) Fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// Failed gives the error after which the program cannot go on.
func (s *Supervisor) Failed() <-chan error { return s.failed }

// Start starts a child, and again whenever it ends.
func (s *Supervisor) Start(p Process) {
	ctx, cancel := context.WithCancel(context.Background())
	one := &child{process: p, cancel: cancel, done: make(chan struct{})}
	s.mutex.Lock()
	s.children = append(s.children, one)
	s.mutex.Unlock()
	infof("Running %s %v", p.Name, p.Argv[1:])
	go one.keep(ctx)
}

// Stop ends the children of these names, all without any, the last one started first.
func (s *Supervisor) Stop(names ...string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var kept []*child
	for i := len(s.children) - 1; i >= 0; i-- {
		one := s.children[i]
		if len(names) > 0 && !contains(names, one.process.Name) {
			kept = append([]*child{one}, kept...)
			continue
		}
		one.cancel()
		<-one.done
	}
	s.children = kept
}

func (c *child) keep(ctx context.Context) {
	// The kernel sends the parent-death signal when the thread that started the child ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.done)
	for {
		err := c.run(ctx)
		if ctx.Err() != nil || c.process.Once {
			return
		}
		errorf("%s exited: %v; starting it again", c.process.Name, err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(restartDelay):
		}
	}
}

func (c *child) run(ctx context.Context) error {
	command := exec.CommandContext(ctx, c.process.Argv[0], c.process.Argv[1:]...)
	// Some of them would tell systemd that they are ready: that is ours to say.
	command.Env = append(append(os.Environ(), "NOTIFY_SOCKET="), c.process.Env...)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopPatience
	var output io.Writer = os.Stderr
	if c.process.Log != "" {
		if err := os.MkdirAll(filepath.Dir(c.process.Log), 0o755); err != nil {
			return err
		}
		file, err := os.OpenFile(c.process.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer file.Close()
		output = file
	}
	command.Stdout, command.Stderr = output, output
	if err := command.Run(); err != nil {
		return err
	}
	return fmt.Errorf("exit status 0")
}

func contains(names []string, name string) bool {
	for _, one := range names {
		if one == name {
			return true
		}
	}
	return false
}
