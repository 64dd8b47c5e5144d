//! For how long one backend may hold up the others.

use std::time::Duration;

use tokio::time::Instant;

/// One backend's account: for how long others had nothing to do because the stream waited for room in its lane.
#[derive(Debug)]
pub(crate) struct Lag {
    began: Instant,
    /// For one batch.
    limit: Duration,
    /// Of the time since it began, for all batches together; none where the backend could not catch up in this run.
    share: Option<f64>,
    spent: Duration,
}

impl Lag {
    /// An account that begins now. A share of one or more is no limit.
    pub(crate) fn new(limit: Duration, share: Option<f64>) -> Self {
        let share = share.filter(|share| *share < 1.0);
        Self { began: Instant::now(), limit, share, spent: Duration::ZERO }
    }

    /// Notes that others were held up since then.
    pub(crate) fn add(&mut self, since: Instant) {
        self.spent += since.elapsed();
    }

    /// Until when others may be held up that have been since then.
    pub(crate) fn deadline(&self, since: Instant) -> Instant {
        let for_batch = since + self.limit;
        let Some(share) = self.share else { return for_batch };
        // While others wait, the time goes on of which the share is taken: d = share · (since + d - began) - spent.
        let before = since.saturating_duration_since(self.began).as_secs_f64();
        let left = (share * before - self.spent.as_secs_f64()) / (1.0 - share);
        for_batch.min(since + Duration::from_secs_f64(left.max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How much longer others may be held up that are from now on.
    fn left(lag: &Lag) -> Duration {
        lag.deadline(Instant::now()) - Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_allowed_grows_with_the_time_and_is_used_up() {
        let mut lag = Lag::new(30 * SECOND, Some(0.5));
        assert_eq!(left(&lag), Duration::ZERO);
        advance(10 * SECOND).await;
        // Ten seconds later they would have been held up for ten of twenty.
        assert_eq!(left(&lag), 10 * SECOND);
        let since = Instant::now();
        advance(4 * SECOND).await;
        lag.add(since);
        assert_eq!(left(&lag), 6 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn no_batch_may_take_longer_than_the_limit() {
        let lag = Lag::new(3 * SECOND, Some(0.5));
        advance(100 * SECOND).await;
        assert_eq!(left(&lag), 3 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_share_each_batch_may_take_as_long() {
        for share in [None, Some(1.0)] {
            let mut lag = Lag::new(3 * SECOND, share);
            let since = Instant::now();
            advance(2 * SECOND).await;
            lag.add(since);
            assert_eq!(left(&lag), 3 * SECOND);
        }
    }
}
