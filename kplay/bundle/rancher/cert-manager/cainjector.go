package main

import (
	"context"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	kube "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	cliflag "k8s.io/component-base/cli/flag"
	apireg "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	config "github.com/cert-manager/cert-manager/internal/apis/config/cainjector"
	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector/scheme"
	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector/validation"
	_ "github.com/cert-manager/cert-manager/internal/cainjector/feature" // its feature gates
	buildconfig "github.com/cert-manager/cert-manager/internal/kube"
	"github.com/cert-manager/cert-manager/pkg/apis/config/cainjector/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/cainjector/configfile"
	certmanager "github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/scheme"
	injectors "github.com/cert-manager/cert-manager/pkg/controller/cainjector"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util"
)

func cainjector(ctx context.Context, args []string) error {
	settled, err := injectorSettings(args)
	if err != nil {
		return err
	}
	ctrl.SetLogger(logf.FromContext(ctx))
	rest, err := buildconfig.BuildClientConfig("", settled.KubeConfig)
	if err != nil {
		return err
	}
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		kube.AddToScheme, certmanager.AddToScheme, apiext.AddToScheme, apireg.AddToScheme,
	} {
		if err := add(known); err != nil {
			return err
		}
	}
	caching := cache.Options{ReaderFailOnMissingInformer: true}
	if settled.Namespace != "" {
		caching.DefaultNamespaces = map[string]cache.Config{settled.Namespace: {}}
	}
	election := settled.LeaderElectionConfig
	manager, err := ctrl.NewManager(util.RestConfigWithUserAgent(rest, "cainjector"), ctrl.Options{
		Scheme: known,
		Cache:  caching,
		// Secrets are read one by one: a cache would hold every one of the cluster
		Client: client.Options{
			Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}},
		},
		LeaderElection:                election.Enabled,
		LeaderElectionNamespace:       election.Namespace,
		LeaderElectionID:              "cert-manager-cainjector-leader-election",
		LeaderElectionReleaseOnCancel: true,
		LeaderElectionResourceLock:    resourcelock.LeasesResourceLock,
		LeaseDuration:                 &election.LeaseDuration,
		RenewDeadline:                 &election.RenewDeadline,
		RetryPeriod:                   &election.RetryPeriod,
		Metrics:                       metricsserver.Options{BindAddress: settled.MetricsListenAddress},
	})
	if err != nil {
		return err
	}
	if settled.EnableDataSourceConfig.Certificates {
		if err := awaitCertificates(ctx, manager); err != nil {
			return err
		}
	}
	into := settled.EnableInjectableConfig
	err = injectors.RegisterAllInjectors(ctx, manager, injectors.SetupOptions{
		Namespace:                    settled.Namespace,
		IgnoreNamespaces:             settled.IgnoreNamespaces,
		EnableCertificatesDataSource: settled.EnableDataSourceConfig.Certificates,
		EnabledReconcilersFor: map[string]bool{
			injectors.MutatingWebhookConfigurationName:   into.MutatingWebhookConfigurations,
			injectors.ValidatingWebhookConfigurationName: into.ValidatingWebhookConfigurations,
			injectors.APIServiceName:                     into.APIServices,
			injectors.CustomResourceDefinitionName:       into.CustomResourceDefinitions,
		},
	})
	if err != nil {
		return err
	}
	return manager.Start(ctx)
}

// awaitCertificates waits until the kind Certificate is known: watching it fails before.
func awaitCertificates(ctx context.Context, manager ctrl.Manager) error {
	direct, err := client.New(manager.GetConfig(), client.Options{
		Scheme: manager.GetScheme(), Mapper: manager.GetRESTMapper(),
	})
	if err != nil {
		return err
	}
	name := types.NamespacedName{Name: "certificates.cert-manager.io"}
	there := func(ctx context.Context) (bool, error) {
		err := direct.Get(ctx, name, &apiext.CustomResourceDefinition{})
		if errors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	}
	return wait.PollUntilContextTimeout(ctx, time.Second, 5*time.Minute, true, there)
}

func injectorSettings(args []string) (*config.CAInjectorConfiguration, error) {
	defaults, _, err := scheme.NewSchemeAndCodecs()
	if err != nil {
		return nil, err
	}
	versioned, settled := &v1alpha1.CAInjectorConfiguration{}, &config.CAInjectorConfiguration{}
	defaults.Default(versioned)
	if err := defaults.Convert(versioned, settled, nil); err != nil {
		return nil, err
	}
	add := func(flags *pflag.FlagSet) {
		flags.StringVar(&settled.KubeConfig, "kubeconfig", settled.KubeConfig, "")
		flags.StringVar(&settled.Namespace, "namespace", settled.Namespace, "")
		flags.StringSliceVar(&settled.IgnoreNamespaces, "ignore-namespaces", settled.IgnoreNamespaces, "")
		election := &settled.LeaderElectionConfig
		electionFlags(flags, &election.Enabled, &election.Namespace,
			&election.LeaseDuration, &election.RenewDeadline, &election.RetryPeriod)
		flags.StringVar(&settled.MetricsListenAddress, "metrics-listen-address", settled.MetricsListenAddress, "")
		flags.Var(cliflag.NewMapStringBool(&settled.FeatureGates), "feature-gates", "")
		logf.AddFlags(&settled.Logging, flags)
	}
	load := func(path string) error {
		file := configfile.New()
		if err := fromFile(path, file); err != nil {
			return err
		}
		file.Config.DeepCopyInto(settled)
		return nil
	}
	err = settings("cainjector", args, add, &settled.Logging, &settled.FeatureGates, load)
	if err != nil {
		return nil, err
	}
	if wrong := validation.ValidateCAInjectorConfiguration(settled, nil); len(wrong) > 0 {
		return nil, wrong.ToAggregate()
	}
	return settled, plainMetrics(settled.MetricsTLSConfig, settled.EnablePprof)
}
