//! Pauses between tries.

use std::time::Duration;

use rand::Rng;

use crate::RetryOptions;

/// The pauses of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    options: RetryOptions,
    tries: u32,
    waited: Duration,
}

impl Backoff {
    pub(crate) const fn new(options: RetryOptions) -> Self {
        Self { options, tries: 0, waited: Duration::ZERO }
    }

    /// The pause before the next try, `at_least` so long; none when there is to be no further try.
    pub(crate) fn next(&mut self, at_least: Duration) -> Option<Duration> {
        if self.tries == self.options.attempts {
            return None;
        }
        let pause = rand::rng().random_range(Duration::ZERO..=self.longest()).max(at_least);
        if self.waited + pause > self.options.total {
            return None;
        }
        self.tries += 1;
        self.waited += pause;
        Some(pause)
    }

    fn longest(&self) -> Duration {
        let doubled = 1_u32.checked_shl(self.tries).unwrap_or(u32::MAX);
        self.options.base.saturating_mul(doubled).min(self.options.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(options: RetryOptions, at_least: Duration) -> Vec<Duration> {
        let mut backoff = Backoff::new(options);
        std::iter::from_fn(|| backoff.next(at_least)).collect()
    }

    #[test]
    fn pauses_stay_below_doubling_limits_and_end() {
        let limits = [100, 200, 400, 800, 1000, 1000].map(Duration::from_millis);
        let options = RetryOptions { attempts: 6, cap: Duration::from_secs(1), ..RetryOptions::default() };
        for _ in 0..100 {
            let pauses = pauses(options, Duration::ZERO);
            assert_eq!(pauses.len(), 6);
            assert!(pauses.iter().zip(limits).all(|(pause, limit)| *pause <= limit), "{pauses:?}");
        }
    }

    #[test]
    fn pauses_differ_from_each_other() {
        let first = |_| Backoff::new(RetryOptions::default()).next(Duration::ZERO).unwrap();
        let pauses: std::collections::HashSet<_> = (0..100).map(first).collect();
        assert!(pauses.len() > 50);
    }

    #[test]
    fn all_pauses_together_are_limited() {
        let options = RetryOptions { attempts: 100, ..RetryOptions::default() };
        assert_eq!(pauses(options, Duration::from_secs(25)).len(), 2);
        let many = RetryOptions { attempts: 50, ..RetryOptions::default() };
        assert!(pauses(many, Duration::ZERO).iter().sum::<Duration>() <= many.total);
    }

    #[test]
    fn no_attempts_are_no_pauses() {
        assert!(pauses(RetryOptions { attempts: 0, ..RetryOptions::default() }, Duration::ZERO).is_empty());
    }
}
