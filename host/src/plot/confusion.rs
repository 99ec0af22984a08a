//! Which classes are taken for which.

use super::palette::{INK, MUTED, Rgb, sequential};
use super::scale::grouped;
use super::svg::{Anchor, Svg, shorten};

/// Largest number of classes whose cells carry their counts.
const LEGIBLE: usize = 20;
const WHITE: Rgb = Rgb(255, 255, 255);

/// The confusion matrix `counts[wanted][answered]`: a row for each wanted class, coloured by the share of the row,
/// with its counts and each class's recall. With more than 20 classes only the colours are drawn.
///
/// Missing rows and cells count as zero.
pub fn confusion_matrix(classes: &[String], counts: &[Vec<u32>]) -> String {
    let n = classes.len().max(1);
    let legible = n <= LEGIBLE;
    let cell = (560.0 / n as f64).min(if n <= 4 { 96.0 } else { 64.0 });
    let names: Vec<String> = classes.iter().map(|c| shorten(c, 16)).collect();
    let longest = names.iter().map(|c| c.chars().count()).max().unwrap_or(0) as f64;
    let name_size = (0.62 * cell).clamp(9.0, 13.0);
    let name_width = 0.6 * name_size * longest;
    let every = if cell >= 11.0 { 1 } else { super::scale::index((11.0 / cell).ceil(), n).max(1) };
    let slanted = name_width > cell - 6.0;
    let (left, top) = (60.0 + name_width, 46.0 + if slanted { name_width.max(12.0) } else { 14.0 });
    let side = cell * n as f64;
    let recall_width = if legible { 74.0 } else { 0.0 };
    let bar = left + side + recall_width + 34.0;
    let mut svg = Svg::new(bar + 80.0, top + side.max(140.0) + 20.0, "Confusion matrix");

    svg.text([left + side / 2.0, 18.0], 14.0, Anchor::Middle, "answered class");
    let turned = format!("transform=\"rotate(-90 18 {:.1})\"", top + side / 2.0);
    svg.styled([18.0, top + side / 2.0], 14.0, Anchor::Middle, INK, &turned, "wanted class");
    for (i, name) in names.iter().enumerate().step_by(every) {
        let middle = (i as f64 + 0.5) * cell;
        svg.text([left - 8.0, top + middle], name_size, Anchor::End, name);
        let (x, y) = (left + middle, top - 8.0);
        if slanted {
            let turned = format!("transform=\"rotate(-90 {x:.1} {y:.1})\"");
            svg.styled([x, y], name_size, Anchor::Start, INK, &turned, name);
        } else {
            svg.text([x, y - 4.0], name_size, Anchor::Middle, name);
        }
    }
    if legible {
        svg.text([left + side + 12.0, top - 12.0], name_size, Anchor::Start, "recall");
    }
    for (row, wanted) in names.iter().enumerate() {
        let count = |column: usize| counts.get(row).and_then(|r| r.get(column)).copied().unwrap_or(0);
        let total: u64 = (0..names.len()).map(|c| u64::from(count(c))).sum();
        let y = top + row as f64 * cell;
        for (column, answered) in names.iter().enumerate() {
            let share = if total == 0 { 0.0 } else { f64::from(count(column)) / total as f64 };
            let colour = if count(column) == 0 { Rgb(247, 247, 245) } else { sequential(share) };
            let x = left + column as f64 * cell;
            let gap = if cell > 8.0 { 1.0 } else { 0.0 };
            let square = format!("M{x:.2} {y:.2}h{0:.2}v{0:.2}h-{0:.2}z", cell - gap);
            let hint = format!("{wanted} answered as {answered}: {}", count(column));
            svg.fill(&square, colour, None, if legible { &hint } else { "" });
            if legible && count(column) > 0 {
                let text = grouped(count(column).into());
                let size = (0.36 * cell).min(1.5 * cell / text.chars().count() as f64).clamp(7.0, 17.0);
                let ink = if colour.is_dark() { WHITE } else { INK };
                let at = [x + (cell - gap) / 2.0, y + (cell - gap) / 2.0];
                svg.styled(at, size, Anchor::Middle, ink, "", &text);
            }
        }
        if legible {
            let recall = match total {
                0 => "none".to_owned(),
                _ => format!("{:.1} %", 100.0 * f64::from(count(row)) / total as f64),
            };
            let at = [left + side + 12.0, y + cell / 2.0];
            svg.styled(at, name_size, Anchor::Start, if total == 0 { MUTED } else { INK }, "", &recall);
        }
    }
    share_bar(&mut svg, [bar, top + 12.0], side.clamp(100.0, 240.0));
    svg.finish()
}

fn share_bar(svg: &mut Svg, [x, y]: [f64; 2], height: f64) {
    let slices = 40u32;
    let slice = height / f64::from(slices);
    for i in 0..slices {
        let share = 1.0 - (f64::from(i) + 0.5) / f64::from(slices);
        svg.rectangle([x, y + f64::from(i) * slice], [14.0, slice + 0.4], sequential(share));
    }
    for (share, text) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        svg.text([x + 20.0, y + (1.0 - share) * height], 11.5, Anchor::Start, text);
    }
    svg.styled([x, y - 20.0], 11.5, Anchor::Start, MUTED, "", "of the row");
}
