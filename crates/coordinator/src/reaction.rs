//! The one place that says what a lane does about an error.

use snake_pipe_core::{Action, ErrorKind};

/// What the lane was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Connecting, reading, beginning a load: nothing is lost by an error.
    Prepare,
    /// Handing a batch to a session.
    Write,
    /// Publishing a session.
    Publish,
}

/// What the lane does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// The same call again after a pause; of `publish`, this asks for the marker.
    Again,
    /// Find the file that is the cause, refuse it, go on.
    Refuse,
    /// A new session, and what the lost one had accepted once more.
    Replay,
    /// End this lane; the others go on.
    Stop,
    /// End the run.
    EndRun,
}

/// What a lane does about an error of this kind.
pub(crate) const fn reaction(kind: ErrorKind, phase: Phase) -> Reaction {
    match (kind.action(), phase) {
        (Action::Retry, _) => Reaction::Again,
        (Action::Split, Phase::Write | Phase::Publish) => Reaction::Refuse,
        (Action::Split, Phase::Prepare) => Reaction::Stop,
        (Action::Replay, Phase::Write | Phase::Publish) => Reaction::Replay,
        (Action::Replay, Phase::Prepare) => Reaction::Again,
        (Action::ReadMarker, Phase::Publish | Phase::Prepare) => Reaction::Again,
        // A batch is no publication: there is no marker to read, and the session cannot be trusted any more.
        (Action::ReadMarker, Phase::Write) => Reaction::Replay,
        (Action::StopBackend, _) => Reaction::Stop,
        (Action::GiveUp, _) => Reaction::EndRun,
    }
}

/// What a call that took longer than its limit has failed with. The future was dropped half-way: a session that was
/// writing is lost, and of a publication nobody knows.
pub(crate) const fn kind_of_timeout(phase: Phase) -> ErrorKind {
    match phase {
        Phase::Prepare => ErrorKind::Timeout,
        Phase::Write => ErrorKind::SessionLost,
        Phase::Publish => ErrorKind::OutcomeUnknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_reaction() {
        use Reaction::{Again, EndRun, Refuse, Replay, Stop};
        #[rustfmt::skip]
        let table = [
            // kind                       prepare  write    publish
            (ErrorKind::Connection,       Again,   Again,   Again),
            (ErrorKind::Busy,             Again,   Again,   Again),
            (ErrorKind::Timeout,          Again,   Again,   Again),
            (ErrorKind::Data,             Stop,    Refuse,  Refuse),
            (ErrorKind::SessionLost,      Again,   Replay,  Replay),
            (ErrorKind::OutcomeUnknown,   Again,   Replay,  Again),
            (ErrorKind::NotConnected,     Stop,    Stop,    Stop),
            (ErrorKind::Authentication,   Stop,    Stop,    Stop),
            (ErrorKind::Permission,       Stop,    Stop,    Stop),
            (ErrorKind::Configuration,    Stop,    Stop,    Stop),
            (ErrorKind::Schema,           Stop,    Stop,    Stop),
            (ErrorKind::Capacity,         Stop,    Stop,    Stop),
            (ErrorKind::Fenced,           Stop,    Stop,    Stop),
            (ErrorKind::Internal,         Stop,    Stop,    Stop),
            (ErrorKind::Cancelled,        EndRun,  EndRun,  EndRun),
        ];
        for (kind, prepare, write, publish) in table {
            assert_eq!(reaction(kind, Phase::Prepare), prepare, "{kind} while preparing");
            assert_eq!(reaction(kind, Phase::Write), write, "{kind} while writing");
            assert_eq!(reaction(kind, Phase::Publish), publish, "{kind} while publishing");
        }
    }
}
