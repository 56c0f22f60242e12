package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Config is what config.yaml, config.yaml.d, the environment and the command line say together.
type Config struct {
	Distro Distro
	Role   string // "server" or "agent"
	values map[string][]string
}

// LoadConfig reads the configuration of a role. Later ones win: environment, config.yaml,
// config.yaml.d in the order of names, flags; a key that ends with "+" in a file adds to a list.
//
// A key that is not documented for the role is an error that names it.
func LoadConfig(d Distro, role string, argv []string) (*Config, error) {
	c := &Config{Distro: d, Role: role, values: map[string][]string{}}
	for name, suffix := range environment {
		if value := os.Getenv(d.EnvPrefix + "_" + suffix); value != "" && keys[name].known(d, role) {
			c.values[name] = []string{value}
		}
	}
	flags, err := c.parseFlags(argv)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(d.EtcDir(), "config.yaml")
	if given := first(flags["config"], c.values["config"]); given != "" {
		file = given
		if _, err := os.Stat(file); err != nil {
			return nil, err
		}
	}
	if err := c.readFiles(file); err != nil {
		return nil, err
	}
	for name, values := range flags {
		c.values[name] = values
	}
	return c, c.check()
}

func (c *Config) readFiles(file string) error {
	extra, _ := filepath.Glob(file + ".d/*.y*ml")
	sort.Strings(extra)
	for _, path := range append([]string{file}, extra...) {
		raw, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			return err
		}
		var said map[string]any
		if err := yaml.Unmarshal(raw, &said); err != nil {
			return fmt.Errorf("failed to load config %s: %w", path, err)
		}
		for name, value := range said {
			base, adds := strings.CutSuffix(name, "+")
			if !keys[base].known(c.Distro, c.Role) || !isKey(base) {
				return fmt.Errorf("flag provided but not defined: -%s (%s)", base, path)
			}
			if adds {
				c.values[base] = append(c.values[base], textsOf(value)...)
			} else {
				c.values[base] = textsOf(value)
			}
		}
	}
	return nil
}

func (c *Config) parseFlags(argv []string) (map[string][]string, error) {
	flags := map[string][]string{}
	for i := 0; i < len(argv); i++ {
		name, value, has := strings.Cut(strings.TrimLeft(argv[i], "-"), "=")
		if !strings.HasPrefix(argv[i], "-") {
			return nil, fmt.Errorf("unexpected argument %q", argv[i])
		}
		if long, ok := shorthands[name]; ok {
			name = long
		}
		if !isKey(name) || !keys[name].known(c.Distro, c.Role) {
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		}
		switch {
		case has:
		case keys[name].kind == flag:
			value = "true"
		case i+1 < len(argv):
			i++
			value = argv[i]
		default:
			return nil, fmt.Errorf("flag needs an argument: -%s", name)
		}
		if keys[name].kind == list {
			flags[name] = append(flags[name], value)
		} else {
			flags[name] = []string{value}
		}
	}
	return flags, nil
}

func (c *Config) check() error {
	for name, values := range c.values {
		if keys[name].kind == list {
			continue
		}
		if len(values) > 1 {
			return fmt.Errorf("%s takes one value, %d are given", name, len(values))
		}
		if keys[name].kind == flag && len(values) == 1 {
			if _, err := strconv.ParseBool(values[0]); err != nil {
				return fmt.Errorf("invalid boolean value %q for -%s", values[0], name)
			}
		}
	}
	for _, name := range []string{
		"kubelet-arg", "kube-proxy-arg", "kube-apiserver-arg", "etcd-arg",
		"kube-controller-manager-arg", "kube-scheduler-arg",
	} {
		for _, value := range c.List(name) {
			if strings.HasPrefix(value, "-") || strings.HasPrefix(value, "=") {
				return fmt.Errorf("%s takes name=value without dashes, %q is given", name, value)
			}
		}
	}
	return nil
}

// Set replaces the value of a key.
func (c *Config) Set(name string, values ...string) { c.values[name] = values }

// Given tells whether a key was set by anyone.
func (c *Config) Given(name string) bool { return len(c.values[name]) > 0 }

// Get gives a key's value, its default without one. A name that is not a key is a programmer's error.
func (c *Config) Get(name string) string {
	if !isKey(name) {
		panic("no such key: " + name)
	}
	if values := c.values[name]; len(values) > 0 {
		return values[0]
	}
	return keys[name].fallback
}

// Bool gives a flag's value.
func (c *Config) Bool(name string) bool {
	value, _ := strconv.ParseBool(c.Get(name))
	return value
}

// List gives all values of a key. Commas separate values of keys whose values have none themselves.
func (c *Config) List(name string) []string {
	values := c.values[name]
	if len(values) == 0 && c.Get(name) != "" {
		values = []string{c.Get(name)}
	}
	if strings.HasSuffix(name, "-arg") || name == "node-label" || name == "node-taint" {
		return values
	}
	var split []string
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			if one = strings.TrimSpace(one); one != "" {
				split = append(split, one)
			}
		}
	}
	return split
}

// Arguments gives the flags of a component: defaults, over which the user's `<component>-arg`
// entries go by name. A name given more than once by the user is repeated.
func (c *Config) Arguments(name string, defaults map[string]string) []string {
	merged := map[string][]string{}
	for flag, value := range defaults {
		merged[flag] = []string{value}
	}
	replaced := map[string]bool{}
	for _, one := range c.List(name) {
		flag, value, has := strings.Cut(one, "=")
		if !has {
			value = "true"
		}
		if !replaced[flag] {
			replaced[flag] = true
			merged[flag] = nil
		}
		merged[flag] = append(merged[flag], value)
	}
	var argv []string
	for flag, values := range merged {
		for _, value := range values {
			argv = append(argv, "--"+flag+"="+value)
		}
	}
	sort.Strings(argv)
	return argv
}

// DataDir is where everything of the distribution lies: /var/lib/rancher/<name> by default.
func (c *Config) DataDir() string {
	if given := c.Get("data-dir"); given != "" {
		return given
	}
	return filepath.Join("/var/lib/rancher", c.Distro.Name)
}

// Dir joins names below the data directory: Dir("server", "tls").
func (c *Config) Dir(names ...string) string {
	return filepath.Join(append([]string{c.DataDir()}, names...)...)
}

// NodeName is the name of this host's node: node-name, or the host's name in lower case.
func (c *Config) NodeName() string {
	if given := c.Get("node-name"); given != "" {
		return given
	}
	name, _ := os.Hostname()
	return strings.ToLower(name)
}

// Token gives token, or what token-file holds; empty when neither is given.
func (c *Config) Token() (string, error) { return c.secret("token") }

// AgentToken gives agent-token, or what agent-token-file holds; empty when neither is given.
func (c *Config) AgentToken() (string, error) { return c.secret("agent-token") }

func (c *Config) secret(name string) (string, error) {
	if value := c.Get(name); value != "" {
		return value, nil
	}
	file := c.Get(name + "-file")
	if file == "" {
		return "", nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("failed to read %s: %w", name, err)
	}
	return strings.TrimSpace(string(raw)), nil
}

func isKey(name string) bool {
	_, ok := keys[name]
	return ok
}

func textsOf(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, fmt.Sprint(one))
		}
		return all
	}
	return []string{fmt.Sprint(value)}
}

func first(lists ...[]string) string {
	for _, values := range lists {
		if len(values) > 0 {
			return values[0]
		}
	}
	return ""
}
