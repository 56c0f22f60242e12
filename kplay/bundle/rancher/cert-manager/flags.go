package main

import (
	"errors"
	"time"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/scheme"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/validation"
	"github.com/cert-manager/cert-manager/internal/apis/config/shared"
	"github.com/cert-manager/cert-manager/pkg/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/controller/configfile"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

func controllerSettings(args []string) (*config.ControllerConfiguration, error) {
	defaults, _, err := scheme.NewSchemeAndCodecs()
	if err != nil {
		return nil, err
	}
	versioned, settled := &v1alpha1.ControllerConfiguration{}, &config.ControllerConfiguration{}
	defaults.Default(versioned)
	if err := defaults.Convert(versioned, settled, nil); err != nil {
		return nil, err
	}
	load := func(path string) error {
		file := configfile.New()
		if err := fromFile(path, file); err != nil {
			return err
		}
		file.Config.DeepCopyInto(settled)
		return nil
	}
	add := func(flags *pflag.FlagSet) { controllerFlags(flags, settled) }
	err = settings("controller", args, add, &settled.Logging, &settled.FeatureGates, load)
	if err != nil {
		return nil, err
	}
	if wrong := validation.ValidateControllerConfiguration(settled, nil); len(wrong) > 0 {
		return nil, wrong.ToAggregate()
	}
	return settled, plainMetrics(settled.MetricsTLSConfig, settled.EnablePprof)
}

// controllerFlags takes what the chart and its documentation give; the rest of the settings go
// through the file that --config names.
func controllerFlags(flags *pflag.FlagSet, c *config.ControllerConfiguration) {
	text := func(into *string, name string) { flags.StringVar(into, name, *into, "") }
	list := func(into *[]string, name string) { flags.StringSliceVar(into, name, *into, "") }
	truth := func(into *bool, name string) { flags.BoolVar(into, name, *into, "") }
	number := func(into *int, name string) { flags.IntVar(into, name, *into, "") }
	duration := func(into *time.Duration, name string) { flags.DurationVar(into, name, *into, "") }

	text(&c.KubeConfig, "kubeconfig")
	text(&c.Namespace, "namespace")
	text(&c.ClusterResourceNamespace, "cluster-resource-namespace")
	flags.Float32Var(&c.KubernetesAPIQPS, "kube-api-qps", c.KubernetesAPIQPS, "")
	number(&c.KubernetesAPIBurst, "kube-api-burst")
	list(&c.Controllers, "controllers")
	truth(&c.IssuerAmbientCredentials, "issuer-ambient-credentials")
	truth(&c.ClusterIssuerAmbientCredentials, "cluster-issuer-ambient-credentials")
	truth(&c.EnableCertificateOwnerRef, "enable-certificate-owner-ref")
	list(&c.CopiedAnnotationPrefixes, "copied-annotation-prefixes")
	number(&c.NumberOfConcurrentWorkers, "concurrent-workers")
	number(&c.MaxConcurrentChallenges, "max-concurrent-challenges")
	text(&c.MetricsListenAddress, "metrics-listen-address")
	truth(&c.GatewayAPIConfig.Enabled, "enable-gateway-api")
	election := &c.LeaderElectionConfig
	electionFlags(flags, &election.Enabled, &election.Namespace,
		&election.LeaseDuration, &election.RenewDeadline, &election.RetryPeriod)
	text(&c.ACMEHTTP01Config.SolverImage, "acme-http01-solver-image")
	text(&c.ACMEHTTP01Config.SolverResourceRequestCPU, "acme-http01-solver-resource-request-cpu")
	text(&c.ACMEHTTP01Config.SolverResourceRequestMemory, "acme-http01-solver-resource-request-memory")
	text(&c.ACMEHTTP01Config.SolverResourceLimitsCPU, "acme-http01-solver-resource-limits-cpu")
	text(&c.ACMEHTTP01Config.SolverResourceLimitsMemory, "acme-http01-solver-resource-limits-memory")
	truth(&c.ACMEHTTP01Config.SolverRunAsNonRoot, "acme-http01-solver-run-as-non-root")
	text(&c.ACMEHTTP01Config.SolverRuntimeClassName, "acme-http01-solver-runtime-class-name")
	list(&c.ACMEHTTP01Config.SolverNameservers, "acme-http01-solver-nameservers")
	flags.StringToStringVar(&c.ACMEHTTP01Config.SolverExtraLabels, "acme-http01-solver-extra-labels",
		c.ACMEHTTP01Config.SolverExtraLabels, "")
	list(&c.ACMEDNS01Config.RecursiveNameservers, "dns01-recursive-nameservers")
	truth(&c.ACMEDNS01Config.RecursiveNameserversOnly, "dns01-recursive-nameservers-only")
	duration(&c.ACMEDNS01Config.CheckRetryPeriod, "dns01-check-retry-period")
	text(&c.IngressShimConfig.DefaultIssuerName, "default-issuer-name")
	text(&c.IngressShimConfig.DefaultIssuerKind, "default-issuer-kind")
	text(&c.IngressShimConfig.DefaultIssuerGroup, "default-issuer-group")
	list(&c.IngressShimConfig.DefaultAutoCertificateAnnotations, "auto-certificate-annotations")
	list(&c.IngressShimConfig.ExtraCertificateAnnotations, "extra-certificate-annotations")
	flags.Var(cliflag.NewMapStringBool(&c.FeatureGates), "feature-gates", "")
	logf.AddFlags(&c.Logging, flags)
}

func electionFlags(
	flags *pflag.FlagSet, enabled *bool, namespace *string, lease, renew, retry *time.Duration,
) {
	flags.BoolVar(enabled, "leader-elect", *enabled, "")
	flags.StringVar(namespace, "leader-election-namespace", *namespace, "")
	flags.DurationVar(lease, "leader-election-lease-duration", *lease, "")
	flags.DurationVar(renew, "leader-election-renew-deadline", *renew, "")
	flags.DurationVar(retry, "leader-election-retry-period", *retry, "")
}

// plainMetrics refuses what these programs do not have, rather than to pass over it.
func plainMetrics(tls shared.TLSConfig, profiling bool) error {
	if tls.FilesystemConfigProvided() || tls.DynamicConfigProvided() {
		return errors.New("metrics over TLS are not supported by this build")
	}
	if profiling {
		return errors.New("profiling is not supported by this build")
	}
	return nil
}
