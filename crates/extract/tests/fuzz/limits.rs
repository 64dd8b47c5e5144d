//! What extracting a source may take, and what it took.

use std::time::Duration;

use snake_pipe_core::{Language, model::TransformedAst};
use snake_pipe_extract::{ParseOptions, parse};

use crate::memory::peak_bytes;

/// Processor time for one source; in builds without optimisation ten times as long.
const TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });
/// Beside what every source takes, so much for each kibibyte of it.
const TIME_PER_KIB: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 100 });

/// Memory that parsing may hold at once, for each byte of source and besides: trees of what is no source are larger than those of
/// sources, and several are held at once while it is searched for what it may be.
const BYTES_PER_BYTE: usize = 4_000;
const BYTES_BESIDES: usize = 16 << 20;

/// What a source took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    pub(crate) peak_bytes: usize,
}

impl Cost {
    pub(crate) fn max(self, other: Self) -> Self {
        Self { time: self.time.max(other.time), peak_bytes: self.peak_bytes.max(other.peak_bytes) }
    }
}

/// The facts of the source, within what it may take.
///
/// # Errors
/// What it took, where that is too much.
pub(crate) fn within_limits(
    language: Language,
    source: &[u8],
    options: &ParseOptions,
) -> Result<(TransformedAst, Cost), String> {
    let begin = processor_time();
    let ((facts, _), peak_bytes) = peak_bytes(|| parse(language, source, options).divide());
    let cost = Cost { time: processor_time() - begin, peak_bytes };
    let size = source.len();
    if cost.time > TIME + TIME_PER_KIB * u32::try_from(size / 1024).expect("sources are small") {
        return Err(format!("{:?} for {size} bytes of {language}", cost.time));
    }
    if peak_bytes > BYTES_BESIDES + BYTES_PER_BYTE * size {
        return Err(format!("{peak_bytes} bytes were held at once for {size} bytes of {language}"));
    }
    Ok((facts, cost))
}

/// What this thread has used, whatever the machine does besides.
#[expect(unsafe_code, reason = "the clock has no safe form; it fills plain numbers")]
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a value of this function.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(done, 0, "threads have a clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
