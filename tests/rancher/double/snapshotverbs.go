package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// snapshotOptions are those of `etcd-snapshot` that have another name in config.yaml.
var snapshotOptions = map[string]string{
	"name": "etcd-snapshot-name", "dir": "etcd-snapshot-dir", "etcd-s3": "etcd-s3", "s3": "etcd-s3",
	"snapshot-compress": "etcd-snapshot-compress", "snapshot-retention": "etcd-snapshot-retention",
}

// runSnapshot is `etcd-snapshot save|ls|list|delete|prune`; without any of these it saves.
func runSnapshot(d Distro, argv []string) error {
	verb := "save"
	if len(argv) > 0 && !strings.HasPrefix(argv[0], "-") {
		verb, argv = argv[0], argv[1:]
	}
	var flags, names []string
	format := ""
	for i := 0; i < len(argv); i++ {
		if !strings.HasPrefix(argv[i], "-") {
			names = append(names, argv[i])
			continue
		}
		option, value, has := strings.Cut(strings.TrimLeft(argv[i], "-"), "=")
		if option == "o" || option == "output" {
			if !has && i+1 < len(argv) {
				i++
				value = argv[i]
			}
			format = value
			continue
		}
		long := option
		if known, ok := snapshotOptions[option]; ok {
			long = known
		}
		if has {
			long += "=" + value
		} else if keys[long].kind != flag && i+1 < len(argv) {
			i++
			long += "=" + argv[i]
		}
		flags = append(flags, "--"+long)
	}
	c, err := LoadConfig(d, "server", flags)
	if err != nil {
		return err
	}
	if c.Bool("etcd-s3") {
		return errors.New("the double has no S3 storage")
	}
	named := contains(flagNames(flags), "etcd-snapshot-name")
	return snapshotVerb(c, verb, names, format, named)
}

func flagNames(flags []string) []string {
	var names []string
	for _, one := range flags {
		name, _, _ := strings.Cut(strings.TrimLeft(one, "-"), "=")
		names = append(names, name)
	}
	return names
}

func snapshotVerb(c *Config, verb string, names []string, format string, named bool) error {
	switch verb {
	case "save":
		if !named {
			c.Set("etcd-snapshot-name", "on-demand")
		}
		return saveNow(c)
	case "ls", "list", "l":
		found, err := listSnapshots(c.snapshotDir())
		if err != nil {
			return err
		}
		return printSnapshots(os.Stdout, c, found, format)
	case "delete":
		if len(names) == 0 {
			return errors.New("no snapshots given for removal")
		}
		for _, name := range names {
			if err := os.Remove(filepath.Join(c.snapshotDir(), filepath.Base(name))); err != nil {
				return err
			}
			infof("Snapshot %s deleted.", name)
		}
		return nil
	case "prune":
		keep, err := strconv.Atoi(c.Get("etcd-snapshot-retention"))
		if err != nil {
			return err
		}
		prefix := c.Get("etcd-snapshot-name")
		if !named {
			prefix = "on-demand"
		}
		gone, err := prune(c.snapshotDir(), prefix+"-"+c.NodeName(), keep)
		for _, name := range gone {
			infof("Snapshot %s deleted.", name)
		}
		return err
	}
	return fmt.Errorf("No help topic for '%s'", verb)
}

func saveNow(c *Config) error {
	bin, err := programs(c)
	if err != nil {
		return err
	}
	store, err := chooseDatastore(c, bin)
	if err != nil {
		return err
	}
	if !store.embedded {
		return errors.New("etcd datastore is not started")
	}
	file, err := store.saveSnapshot(context.Background(), c.Get("etcd-snapshot-name"))
	if err != nil {
		return fmt.Errorf("failed to save snapshot: %w", err)
	}
	infof("Snapshot %s saved.", filepath.Base(file))
	return nil
}

// runToken is `token`: only generate, since the others manage bootstrap tokens that nothing uses.
func runToken(_ Distro, argv []string) error {
	if len(argv) == 1 && argv[0] == "generate" {
		fmt.Printf("%s.%s\n", randomPassword()[:6], randomPassword()[:16])
		return nil
	}
	return errors.New("the double knows `token generate` alone")
}
