//! `--metrics-file`: what a load counted, in Prometheus' text format, for the text file collector of its node exporter.

use std::{fs, path::PathBuf};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use snake_pipe_coordinator::Metrics;
use snake_pipe_core::{Error, ErrorKind, Result};

/// Where the figures of a load go.
pub(super) struct MetricsFile {
    path: PathBuf,
    runs: Metrics,
    /// None in a program that has a recorder of its own: then the plugins' figures go there.
    plugins: Option<PrometheusHandle>,
}

impl MetricsFile {
    /// Begins to count. A folder that is not there ends the command before anything is loaded.
    ///
    /// # Errors
    /// `Configuration`.
    pub(super) fn new(path: PathBuf) -> Result<Self> {
        let path = std::path::absolute(path)?;
        if !path.parent().is_some_and(std::path::Path::is_dir) {
            return Err(Error::new(
                ErrorKind::Configuration,
                "--metrics-file names a folder that is not there",
            )
            .with_context("path", path.display())
            .with_help("make the folder first"));
        }
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let plugins = metrics::set_global_recorder(recorder).is_ok().then_some(handle);
        #[cfg(feature = "postgres")]
        snake_pipe_postgres::metrics::describe();
        Ok(Self { path, runs: Metrics::default(), plugins })
    }

    /// What the run counts by.
    pub(super) const fn runs(&self) -> &Metrics {
        &self.runs
    }

    /// Writes the file, whole: whoever reads it meanwhile sees the old one.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn write(&self) -> Result<()> {
        let plugins = self.plugins.as_ref().map(PrometheusHandle::render).unwrap_or_default();
        let aside = self.path.with_extension(format!("new-{}", std::process::id()));
        let written = fs::write(&aside, format!("{}{plugins}", self.runs.to_prometheus()))
            .and_then(|()| fs::rename(&aside, &self.path));
        written.map_err(|error| Error::from(error).with_context("path", self.path.display()))
    }
}
