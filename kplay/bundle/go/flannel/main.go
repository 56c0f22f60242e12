// Command flannel is the CNI plugin that turns what flanneld wrote about this node's subnet
// into a call of the bridge plugin, with host-local addresses.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// subnetFile is where flanneld writes FLANNEL_NETWORK, FLANNEL_SUBNET, FLANNEL_MTU and
// FLANNEL_IPMASQ.
const subnetFile = "/run/flannel/subnet.env"

// stateDirectory keeps one delegate configuration a container, for a DEL that comes after
// flanneld's file is gone.
const stateDirectory = "/var/lib/cni/flannel"

// configuration is the part of the CNI network configuration that this plugin reads.
type configuration struct {
	CNIVersion    string                     `json:"cniVersion"`
	Name          string                     `json:"name"`
	SubnetFile    string                     `json:"subnetFile"`
	Delegate      map[string]json.RawMessage `json:"delegate"`
	RuntimeConfig json.RawMessage            `json:"runtimeConfig,omitempty"`
}

func raw(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // only strings, numbers, booleans and maps of them come here
	}
	return encoded
}

// readSubnet parses NAME=VALUE lines.
func readSubnet(source io.Reader) (map[string]string, error) {
	values := map[string]string{}
	lines := bufio.NewScanner(source)
	for lines.Scan() {
		if name, value, found := strings.Cut(strings.TrimSpace(lines.Text()), "="); found {
			values[name] = value
		}
	}
	for _, name := range []string{"FLANNEL_NETWORK", "FLANNEL_SUBNET", "FLANNEL_MTU"} {
		if values[name] == "" {
			return nil, fmt.Errorf("no %s in flanneld's subnet file", name)
		}
	}
	return values, lines.Err()
}

// delegate makes the bridge plugin's configuration from ours and from flanneld's values.
func delegate(config configuration, subnet map[string]string) ([]byte, error) {
	mtu, err := strconv.Atoi(subnet["FLANNEL_MTU"])
	if err != nil {
		return nil, fmt.Errorf("FLANNEL_MTU is not a number: %w", err)
	}
	gateway, err := netip.ParsePrefix(subnet["FLANNEL_SUBNET"]) // the gateway, as 10.244.1.1/24
	if err != nil {
		return nil, fmt.Errorf("FLANNEL_SUBNET is not a prefix: %w", err)
	}
	merged := map[string]json.RawMessage{
		"type":   raw("bridge"),
		"mtu":    raw(mtu),
		"ipMasq": raw(subnet["FLANNEL_IPMASQ"] != "true"),
	}
	for key, value := range config.Delegate {
		merged[key] = value
	}
	merged["name"] = raw(config.Name)
	merged["cniVersion"] = raw(config.CNIVersion)
	merged["ipam"] = raw(map[string]any{
		"type":   "host-local",
		"ranges": [][]map[string]string{{{"subnet": gateway.Masked().String()}}},
		"routes": []map[string]string{{"dst": subnet["FLANNEL_NETWORK"]}},
	})
	if len(config.RuntimeConfig) > 0 {
		merged["runtimeConfig"] = config.RuntimeConfig
	}
	return json.Marshal(merged)
}

// call runs the plugin that the delegate configuration names, found in CNI_PATH; its answer
// on standard output is ours.
func call(body []byte) error {
	var named struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(body, &named); err != nil {
		return err
	}
	for _, directory := range filepath.SplitList(os.Getenv("CNI_PATH")) {
		path := filepath.Join(directory, filepath.Base(named.Type))
		if _, err := os.Stat(path); err != nil {
			continue
		}
		plugin := exec.Command(path)
		plugin.Stdin, plugin.Stdout, plugin.Stderr = bytes.NewReader(body), os.Stdout, os.Stderr
		err := plugin.Run()
		var failed *exec.ExitError
		if errors.As(err, &failed) { // the plugin has written its CNI error to our output
			os.Exit(failed.ExitCode())
		}
		return err
	}
	return fmt.Errorf("no CNI plugin %q in CNI_PATH %q", named.Type, os.Getenv("CNI_PATH"))
}

// fresh builds the delegate configuration from flanneld's file as it is now.
func fresh(config configuration) ([]byte, error) {
	path := config.SubnetFile
	if path == "" {
		path = subnetFile
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("flanneld has not written its subnet yet: %w", err)
	}
	defer file.Close()
	subnet, err := readSubnet(file)
	if err != nil {
		return nil, err
	}
	return delegate(config, subnet)
}

func add(config configuration, state string) error {
	body, err := fresh(config)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(stateDirectory, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(state, body, 0o600); err != nil {
		return err
	}
	return call(body)
}

func remove(state string) error {
	body, err := os.ReadFile(state)
	if errors.Is(err, os.ErrNotExist) {
		return nil // CNI: a DEL of what is not there succeeds
	}
	if err != nil {
		return err
	}
	if err := call(body); err != nil {
		return err
	}
	return os.Remove(state)
}

func check(state string) error {
	body, err := os.ReadFile(state)
	if err != nil {
		return err
	}
	return call(body)
}

func run(command string) error {
	if command == "VERSION" {
		fmt.Println(`{"cniVersion":"1.0.0","supportedVersions":["0.3.1","0.4.0","1.0.0"]}`)
		return nil
	}
	var config configuration
	if err := json.NewDecoder(os.Stdin).Decode(&config); err != nil {
		return fmt.Errorf("network configuration: %w", err)
	}
	container := os.Getenv("CNI_CONTAINERID")
	if container == "" || container != filepath.Base(container) {
		return fmt.Errorf("CNI_CONTAINERID %q is not the name of a container", container)
	}
	state := filepath.Join(stateDirectory, container+"-"+filepath.Base(os.Getenv("CNI_IFNAME")))
	switch command {
	case "ADD":
		return add(config, state)
	case "DEL":
		return remove(state)
	case "CHECK":
		return check(state)
	case "STATUS", "GC":
		return nil
	}
	return fmt.Errorf("unknown CNI_COMMAND %q", command)
}

func main() {
	if err := run(os.Getenv("CNI_COMMAND")); err != nil {
		failure := map[string]any{"cniVersion": "1.0.0", "code": 100, "msg": err.Error()}
		os.Stdout.Write(raw(failure)) //nolint:errcheck // nowhere is left to report to
		os.Exit(1)
	}
}
