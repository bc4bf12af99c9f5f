//! placeholder until merged
pub fn inflation(x: &[Vec<f64>]) -> Vec<f64> {
    let p = x.first().map_or(0, Vec::len);
    (0..p).map(|_| 1.0).collect()
}
pub fn condition(_x: &[Vec<f64>]) -> f64 {
    1.0
}
pub fn robust_non_negative(x: &[Vec<f64>], y: &[f64]) -> Vec<f64> {
    let p = x[0].len();
    let scale: Vec<f64> = (0..p)
        .map(|j| x.iter().map(|r| r[j] * r[j]).sum::<f64>().sqrt().max(1e-12))
        .collect();
    let mut b = vec![0.0; p];
    for _ in 0..2000 {
        let mut delta: f64 = 0.0;
        for j in 0..p {
            let g: f64 = x
                .iter()
                .zip(y)
                .map(|(r, y)| {
                    let fit: f64 = r
                        .iter()
                        .zip(&b)
                        .zip(&scale)
                        .map(|((x, b), s)| x * b / s)
                        .sum();
                    r[j] / scale[j] * (y - fit)
                })
                .sum();
            let new = f64::max(b[j] + g, 0.0);
            delta = delta.max((new - b[j]).abs());
            b[j] = new;
        }
        if delta < 1e-10 {
            break;
        }
    }
    b.iter().zip(&scale).map(|(b, s)| b / s).collect()
}
