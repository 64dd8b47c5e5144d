//! The progress bar on standard error, where that is a terminal.

use std::{
    io::{self, IsTerminal},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use snake_pipe_extract::{Phase, Progress, ProgressSnapshot};

/// A file that is parsed for longer than this is named.
const SLOW: Duration = Duration::from_secs(2);

/// The bar that is on the terminal, if any.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Standard error for logs: a bar that is shown makes room for a line, and comes back below it.
pub(super) struct LogWriter;

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match shown {
            Some(bar) => bar.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Shows how far a run is until it is finished or dropped.
pub(super) struct Display {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Shows an extraction alone.
    pub(super) fn of_extraction(progress: &Arc<Progress>) -> Self {
        Self::start(progress, String::new)
    }

    /// Shows an extraction and, behind it, what `backends` says.
    pub(super) fn start(progress: &Arc<Progress>, backends: impl Fn() -> String + Send + 'static) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        if !io::stderr().is_terminal() {
            return Self { done, thread: None };
        }
        let (progress, stop) = (Arc::clone(progress), Arc::clone(&done));
        let thread = std::thread::spawn(move || {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
            let mut phase = None;
            while !stop.load(Ordering::Relaxed) {
                let snapshot = progress.snapshot();
                if phase != Some(snapshot.phase) {
                    phase = Some(snapshot.phase);
                    bar.reset_elapsed();
                    bar.reset_eta();
                    bar.set_style(style(&snapshot));
                }
                draw(&bar, &snapshot, &backends());
                std::thread::sleep(Duration::from_millis(100));
            }
            *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
            bar.finish_and_clear();
        });
        Self { done, thread: Some(thread) }
    }

    /// Clears the line.
    pub(super) fn finish(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A display that failed has nothing to say that matters for the run.
            let _ = thread.join();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.stop();
    }
}

fn style(snapshot: &ProgressSnapshot) -> ProgressStyle {
    let template = match (snapshot.phase, snapshot.bytes_total > 0) {
        (Phase::Discover | Phase::Done, _) | (_, false) => "{spinner} {prefix:<9} {elapsed:>4} {wide_msg}",
        (_, true) => "{prefix:<11} {bar:14} {bytes:>10} of {total_bytes}, {eta} left, {wide_msg}",
    };
    // The template is one of the two above, which are right.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn draw(bar: &ProgressBar, snapshot: &ProgressSnapshot, backends: &str) {
    bar.set_prefix(match snapshot.phase {
        Phase::Discover => "discover",
        Phase::Read => "read",
        Phase::Parse => "parse",
        Phase::Link => "link",
        Phase::Stream => "load",
        Phase::Done => "publish",
    });
    bar.set_length(snapshot.bytes_total.max(1));
    bar.set_position(snapshot.bytes_done);
    let mut message = match snapshot.files_total {
        0 => String::new(),
        total => format!("{} of {total} files", snapshot.files_done),
    };
    if let Some((path, _)) = snapshot.current.first().filter(|(_, since)| *since > SLOW) {
        message = format!("{message}  {path}");
    }
    bar.set_message(format!("{message}{backends}"));
    bar.tick();
}
