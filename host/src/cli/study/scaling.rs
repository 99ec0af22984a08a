//! `wheatstone study scaling`

use crate::cli::failure::{Interrupted, Result};
use crate::cli::output::Output;
use crate::cli::study_output::{StudyOutput, command_line};
use crate::cli::{interrupt, progress, table};
use clap::Args;
use serde_json::{Value, json};
use wheatstone::plot::{Curves, Drawn, Line, curves};
use wheatstone::report::{Picture, Study as Report};
use wheatstone::tables::{Column, Table};
use wheatstone_learn::npy::Archive;
use wheatstone_learn::scaling::{Exponents, Found, Losses, Plan, Progress, ScalingError};

/// Loss against edges, training samples, rows of data and compute, beside exact theory
///
/// Crossbars learn a linear teacher of many features: feature j has the variance j^-a and makes up a share j^-b of the answer. Each sees the
/// first features only, each by two edges. Losses are those over all possible samples, relative to answering 0, and means over the
/// seeds. Beside them stands what stochastic gradient descent does exactly, with the same rate, size and beginning. With --out a study
/// that is interrupted keeps the runs that are finished: the same command goes on to the same bits.
#[derive(Args, Debug)]
pub struct Scaling {
    /// a, in steps of 0.25
    #[arg(long, value_name = "A", default_value = "1.5", value_parser = quarters)]
    covariance: u8,
    /// b, in steps of 0.25
    #[arg(long, value_name = "B", default_value = "2", value_parser = quarters)]
    teacher: u8,
    /// Features of the teacher
    #[arg(long, value_name = "N", default_value_t = 1024)]
    features: usize,
    /// Features that crossbars see, each by two edges
    #[arg(long, value_name = "N1,N2,...", value_delimiter = ',', default_value = "8,16,32,64,128,256,512")]
    sizes: Vec<usize>,
    /// Training samples of a run
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    samples: u64,
    /// Rows of data, of runs that see no other ones
    #[arg(long, value_name = "P1,P2,...", value_delimiter = ',', default_value = "16,32,64,128,256,512")]
    rows: Vec<usize>,
    /// Features of those runs, which see all of them
    #[arg(long, value_name = "N", default_value_t = 256)]
    row_features: usize,
    /// The learning rate times the summed variance of the features is about 2^-N
    #[arg(long, value_name = "N", default_value_t = 3)]
    rate: u8,
    /// Seeds, 1 to N
    #[arg(long, value_name = "N", default_value_t = 6)]
    seeds: u64,
    #[command(flatten)]
    files: StudyOutput,
}

/// A multiple of 0.25 from 0.25 to 4, in quarters.
fn quarters(text: &str) -> Result<u8, String> {
    let all = (1..=16u8).find(|&quarters| text.trim().parse() == Ok(f64::from(quarters) / 4.0));
    all.ok_or_else(|| "give a multiple of 0.25 from 0.25 to 4".to_owned())
}

impl Scaling {
    pub fn run(&self, output: &Output) -> Result<()> {
        let plan = Plan {
            covariance: self.covariance,
            teacher: self.teacher,
            features: self.features,
            sizes: self.sizes.clone(),
            samples: self.samples,
            rows: self.rows.clone(),
            row_features: self.row_features,
            rate: self.rate,
            seeds: self.seeds,
        };
        let mut progress = Progress::new(plan)?;
        if let Some(before) = self.files.resume::<Progress>(|before| before.plan == progress.plan)? {
            output.say(&format!("{} runs are finished already", before.finished()));
            progress = before;
        }
        interrupt::listen()?;
        let bar =
            progress::counting(*output, progress.finished() as u64, progress.plan.count() as u64, "runs");
        bar.set_position(progress.finished() as u64);
        let advanced = progress.advance(&|| bar.inc(1), &|| !interrupt::requested());
        bar.finish_and_clear();
        match advanced {
            Err(ScalingError::Stopped) => {
                let told = if self.files.keep(&progress)? {
                    format!("{} runs are kept; the same command goes on", progress.finished())
                } else {
                    "nothing was written; the same command begins again, and with --out goes on".into()
                };
                return Err(Interrupted(told).into());
            }
            other => other?,
        }
        let told = Told { plan: &progress.plan, found: &progress.found() };
        let mut arrays = Archive::default();
        told.table().put_into(&mut arrays, "")?;
        let results = told.json();
        self.files.write(&results, &told.report(), &told.table(), arrays, *output)?;
        output.result(&results, || told.text())
    }
}

/// What was found, to be told in several ways.
struct Told<'a> {
    plan: &'a Plan,
    found: &'a Found,
}

/// A kind of curve: what it is against, its exponents, its points.
struct Law {
    name: &'static str,
    against: &'static str,
    theory: &'static str,
    exponents: Exponents,
    points: Vec<(f64, Losses)>,
}

const RECURSION: &str = "second-moment recursion";
const DESCENT: &str = "gradient descent";

impl Told<'_> {
    fn laws(&self) -> Vec<Law> {
        let found = self.found;
        let largest = found.fresh.iter().max_by_key(|(size, _)| *size);
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
        let time = found
            .records
            .iter()
            .map(|&at| at as f64)
            .zip(largest.iter().flat_map(|(_, losses)| losses.iter().copied()));
        let [compute, _] = found.compute();
        vec![
            Law {
                name: "time",
                against: "training samples",
                theory: RECURSION,
                exponents: found.time(),
                points: time.collect(),
            },
            Law {
                name: "edges",
                against: "edges",
                theory: RECURSION,
                exponents: found.edges(),
                points: found.at_the_end(&found.fresh).map(|(size, losses)| (2.0 * size, losses)).collect(),
            },
            Law {
                name: "compute",
                against: "edges times training samples",
                theory: RECURSION,
                exponents: compute,
                points: found.envelope().iter().map(|best| (2.0 * best.compute, best.losses)).collect(),
            },
            Law {
                name: "data",
                against: "rows of data",
                theory: DESCENT,
                exponents: found.rows(),
                points: found.at_the_end(&found.given).collect(),
            },
        ]
    }

    fn json(&self) -> Value {
        let law = |law: &Law| {
            let points = law.points.iter().map(|(x, losses)| json!([x, losses[0], losses[1]]));
            json!({
                "exponent": law.exponents[0],
                "exponent_exact": law.exponents[1],
                "theory": law.theory,
                "against": law.against,
                "points": points.collect::<Vec<_>>(),
            })
        };
        let laws = self
            .laws()
            .iter()
            .map(|each| (each.name.to_owned(), law(each)))
            .collect::<serde_json::Map<_, _>>();
        let [_, sizes] = self.found.compute();
        json!({
            "plan": self.plan,
            "laws": laws,
            "best_size_against_compute": { "exponent": sizes[0], "exponent_exact": sizes[1] },
            "worst_deviation_in_time": self.found.worst_in_time(),
            "worst_deviation_in_edges": self.found.worst_in_edges(),
        })
    }

    fn text(&self) -> String {
        let mut text = table::plain(["loss against", "exponent", "exact", "by"]);
        for law in self.laws() {
            let [measured, exact] = law.exponents.map(|exponent| format!("{exponent:.3}"));
            text.add_row([law.against.to_owned(), measured, exact, law.theory.to_owned()]);
        }
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        format!(
            "{text}\nlargest deviation from theory: {} in time from 100 samples on, {} at the end over all sizes",
            percent(self.found.worst_in_time()),
            percent(self.found.worst_in_edges())
        )
    }

    /// A row for every curve and record.
    fn table(&self) -> Table {
        let curves = || {
            self.found
                .fresh
                .iter()
                .map(|curve| ("fresh", curve))
                .chain(self.found.given.iter().map(|curve| ("given", curve)))
        };
        let rows = || {
            curves().flat_map(|(samples, (number, losses))| {
                self.found
                    .records
                    .iter()
                    .zip(losses)
                    .map(move |(&at, &losses)| (samples, *number, at, losses))
            })
        };
        let given = |samples: &str| samples == "given";
        Table::default()
            .with("samples_are", Column::Texts(rows().map(|(samples, ..)| samples.to_owned()).collect()))
            .with(
                "features",
                Column::Integers(
                    rows().map(|(samples, number, ..)| if given(samples) { self.plan.row_features } else { number } as u64).collect(),
                ),
            )
            .with(
                "rows",
                Column::Numbers(
                    #[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
                    rows().map(|(samples, number, ..)| given(samples).then_some(number as f64)).collect(),
                ),
            )
            .with("samples", Column::Integers(rows().map(|(.., at, _)| at).collect()))
            .with("loss", Column::Numbers(rows().map(|(.., losses)| Some(losses[0])).collect()))
            .with("loss_exact", Column::Numbers(rows().map(|(.., losses)| Some(losses[1])).collect()))
    }

    fn picture(law: &Law) -> Picture {
        let of = |which: usize| law.points.iter().map(|&(x, losses)| (x, losses[which])).collect();
        let title = format!("Loss against {}", law.against);
        Picture {
            file_name: format!("{}.svg", law.name),
            caption: format!(
                "Mean loss over the seeds, relative to answering 0. It falls with the exponent {:.3}; by {}, with {:.3}.",
                law.exponents[0], law.theory, law.exponents[1]
            ),
            svg: curves(&Curves {
                title: &title,
                x: (law.against, true),
                y: ("relative loss", true),
                note: None,
                lines: vec![
                    Line { name: law.theory.into(), drawn: Drawn::Expected, points: of(1) },
                    Line { name: "networks".into(), drawn: Drawn::Dots, points: of(0) },
                ],
            }),
            title,
        }
    }

    fn report(&self) -> Report {
        let laws = self.laws();
        let [_, sizes] = self.found.compute();
        let exponents = |[measured, exact]: Exponents| [format!("{measured:.3}"), format!("{exact:.3}")];
        let row = |law: &Law| {
            let [measured, exact] = exponents(law.exponents);
            vec![law.against.to_owned(), measured, exact, law.theory.to_owned()]
        };
        let quarters = |quarters: u8| f64::from(quarters) / 4.0;
        Report {
            title: "Scaling of learning".into(),
            lead: format!(
                "crossbars of {} to {} edges learn a teacher of {} features",
                2 * self.plan.sizes.iter().min().unwrap_or(&0),
                2 * self.plan.sizes.iter().max().unwrap_or(&0),
                self.plan.features
            ),
            notice: "Computed by the bit-exact software model. Nothing here was measured on a board.".into(),
            headline: laws
                .iter()
                .map(|law| {
                    let [measured, exact] = exponents(law.exponents);
                    (measured, format!("exponent of the loss in {} (exactly {exact})", law.against))
                })
                .collect(),
            pictures: laws.iter().map(Told::picture).collect(),
            columns: ["loss against", "exponent", "exact", "by"].map(str::to_owned).to_vec(),
            rows: laws.iter().map(row).collect(),
            command: command_line(),
            facts: vec![
                ("covariance exponent".into(), quarters(self.plan.covariance).to_string()),
                ("teacher exponent".into(), quarters(self.plan.teacher).to_string()),
                ("training samples".into(), self.plan.samples.to_string()),
                ("seeds".into(), self.plan.seeds.to_string()),
                ("best size against compute".into(), exponents(sizes).join(", exactly ")),
                ("largest deviation in time".into(), format!("{:.1} %", 100.0 * self.found.worst_in_time())),
                (
                    "largest deviation over sizes".into(),
                    format!("{:.1} %", 100.0 * self.found.worst_in_edges()),
                ),
            ],
        }
    }
}
