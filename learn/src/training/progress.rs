//! How far a run is, and how a checkpoint tells it.

use super::{TrainingError, check_same_design};
use crate::experiment::Experiment;
use crate::run::DataDigest;
use serde::{Deserialize, Serialize};
use wheatstone_sim::{Checkpoint, State, Tally};

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Samples trained.
    pub trained: u64,
    /// Of the samples of the last epoch begun; kept in checkpoints, so that a resumed run reports the same figures.
    pub tally: Tally,
    /// Records of metrics so far, if that is known.
    pub records: Option<u32>,
}

/// What a run notes in its checkpoints.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remark {
    tally: Tally,
    /// [`DataDigest::all`]: a checkpoint goes on with no other data.
    data: String,
    /// Records of metrics up to here: none of them may be missing when it goes on.
    records: Option<u32>,
}

impl Progress {
    /// Where a checkpoint of a run was taken.
    ///
    /// # Errors
    /// [`TrainingError::OtherRun`], [`TrainingError::OtherData`] or [`TrainingError::Remark`] if it is not of this run.
    pub fn of(
        experiment: &Experiment,
        data: &DataDigest,
        checkpoint: &Checkpoint,
    ) -> Result<Progress, TrainingError> {
        check_same_design(experiment, checkpoint)?;
        // A remark may hold the tally alone.
        let (tally, digest, records) = match serde_json::from_str(&checkpoint.remark) {
            Ok(Remark { tally, data, records }) => (tally, Some(data), records),
            Err(error) => {
                let tally = serde_json::from_str(&checkpoint.remark);
                (tally.map_err(|_| TrainingError::Remark(error))?, None, None)
            }
        };
        if digest.is_some_and(|digest| digest != data.all()) {
            return Err(TrainingError::OtherData);
        }
        Ok(Progress { trained: checkpoint.samples, tally, records })
    }

    /// A checkpoint of the run here, in `state`.
    pub fn checkpoint(&self, experiment: &Experiment, data: &DataDigest, state: State) -> Checkpoint {
        let Progress { trained, tally, records } = *self;
        let remark = Remark { tally, data: data.all(), records };
        #[expect(clippy::expect_used, reason = "numbers always serialise")]
        let remark = serde_json::to_string(&remark).expect("a remark serialises");
        let samples = experiment.split.train.len() as u64;
        let begun = u32::try_from(trained.saturating_sub(1) / samples).unwrap_or(u32::MAX);
        Checkpoint {
            design: (*experiment.design).clone(),
            configuration: experiment.configuration(begun),
            samples: trained,
            steps: trained * u64::from(experiment.config.steps),
            remark,
            state,
        }
    }
}
