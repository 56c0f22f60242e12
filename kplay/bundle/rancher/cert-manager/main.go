// Command cert-manager is cert-manager's four programs in one: it does what the name that it is
// called by does. Upstream's own main packages are modules apart that no proxy serves; these put
// the same packages of the released module together, and take the options that its chart gives.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"
	logsapi "k8s.io/component-base/logs/api/v1"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util/configfile"
	"github.com/cert-manager/cert-manager/pkg/util/feature"
)

func main() {
	programs := map[string]func(context.Context, []string) error{
		"controller": controller,
		"webhook":    webhook,
		"cainjector": cainjector,
		"acmesolver": acmesolver,
	}
	name := filepath.Base(os.Args[0])
	run, known := programs[name]
	if !known {
		fmt.Fprintf(os.Stderr, "cert-manager: not the name of a program of it: %s\n", name)
		os.Exit(1)
	}
	logf.InitLogs()
	defer logf.FlushLogs()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx = logf.NewContext(ctx, logf.Log, name)
	if err := run(ctx, os.Args[1:]); err != nil && ctx.Err() == nil {
		logf.FromContext(ctx).Error(err, "cannot go on")
		logf.FlushLogs()
		os.Exit(1)
	}
}

// settings reads a program's options: those of the file that --config names, then the arguments,
// which win. load puts the file's content where the flags point.
func settings(
	name string, args []string, add func(*pflag.FlagSet), logging *logsapi.LoggingConfiguration,
	gates *map[string]bool, load func(path string) error,
) error {
	var file string
	parse := func() error {
		flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
		flags.StringVar(&file, "config", "", "file with the settings")
		add(flags)
		return flags.Parse(args)
	}
	if err := parse(); err != nil {
		return err
	}
	if err := feature.DefaultMutableFeatureGate.SetFromMap(*gates); err != nil {
		return err
	}
	if file != "" {
		absolute, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		if err := load(absolute); err != nil {
			return err
		}
		if err := parse(); err != nil {
			return err
		}
		if err := feature.DefaultMutableFeatureGate.SetFromMap(*gates); err != nil {
			return err
		}
	}
	return logf.ValidateAndApply(logging)
}

// fromFile reads a file of settings into one of cert-manager's loaders.
func fromFile(path string, into configfile.ConfigFile) error {
	loader, err := configfile.NewConfigurationFSLoader(nil, path)
	if err != nil {
		return err
	}
	return loader.Load(into)
}
