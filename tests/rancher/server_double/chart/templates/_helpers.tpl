{{- define "rancher.labels" -}}
app: rancher
chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"
heritage: "{{ .Release.Service }}"
release: "{{ .Release.Name }}"
{{- end -}}

{{- define "rancher.image" -}}
{{ .Values.rancherImage }}:{{ .Values.rancherImageTag | default .Chart.AppVersion }}
{{- end -}}
