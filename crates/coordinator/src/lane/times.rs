//! What a lane's time went into.

use std::{borrow::Cow, time::Duration};

use snake_pipe_core::load::PhaseTime;

use crate::LanePhase;

/// Times that follow one another; what none of them covers is preparation.
#[derive(Debug, Default)]
pub(super) struct LaneTimes {
    /// For facts.
    pub(super) waiting: Duration,
    /// Batches.
    pub(super) writing: Duration,
    /// What a session lacked.
    pub(super) catching_up: Duration,
    /// All attempts together.
    pub(super) publishing: Duration,
    /// What the backend says of the last of them.
    pub(super) phases: Vec<PhaseTime>,
}

impl LaneTimes {
    /// The phases of a lane that took so long.
    pub(super) fn phases(&mut self, all: Duration) -> Vec<LanePhase> {
        let told: Duration = self.phases.iter().map(|phase| phase.duration).sum();
        let known = self.waiting + self.writing + self.catching_up + self.publishing;
        let own = [
            (LanePhase::PREPARE, all.saturating_sub(known)),
            (LanePhase::WAIT, self.waiting),
            (LanePhase::WRITE, self.writing),
            (LanePhase::CATCH_UP, self.catching_up),
            (LanePhase::PUBLISH, self.publishing.saturating_sub(told)),
        ];
        let phase = |phase: Cow<'static, str>, duration: Duration| LanePhase {
            phase,
            seconds: duration.as_secs_f64(),
        };
        let mut phases: Vec<_> = own
            .into_iter()
            .filter(|(_, duration)| !duration.is_zero())
            .map(|(name, duration)| phase(name.into(), duration))
            .collect();
        let told = std::mem::take(&mut self.phases).into_iter();
        phases.extend(told.map(|told| phase(format!("publish: {}", told.phase).into(), told.duration)));
        phases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_time_is_in_some_phase() {
        let seconds = Duration::from_secs;
        let mut times = LaneTimes {
            waiting: seconds(3),
            writing: seconds(2),
            publishing: seconds(4),
            phases: vec![PhaseTime { phase: "commit".into(), duration: seconds(1) }],
            ..LaneTimes::default()
        };
        let phases = times.phases(seconds(10));
        let shown: Vec<_> = phases.iter().map(|phase| (&*phase.phase, phase.seconds)).collect();
        assert_eq!(
            shown,
            [
                ("prepare", 1.0),
                ("wait for facts", 3.0),
                ("write batches", 2.0),
                ("publish", 3.0),
                ("publish: commit", 1.0)
            ]
        );
    }
}
