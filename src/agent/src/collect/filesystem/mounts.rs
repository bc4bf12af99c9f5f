//! Chooses the mounts that are asked for their space; pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::text::{fields, lines, number};

/// File systems that are asked at most: each is a system call every ten seconds.
pub(super) const MEASURED_MAX: usize = 256;

/// Types whose data live on this machine, so that asking them cannot wait for another.
const LOCAL: &[&str] = &[
    "apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfs", "hfsplus",
    "jffs2", "jfs", "minix", "msdos", "nilfs2", "ntfs", "ntfs3", "overlay", "reiserfs", "tmpfs",
    "ubifs", "udf", "ufs", "vfat", "xfs", "zfs",
];

/// Types that hold no data, or never change: passed over.
const WITHOUT_SPACE: &[&str] = &[
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cramfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nfsd",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "resctrl",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
];

/// Which mounts are measured, and what is not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Mount points, in the kernel's order.
    pub(super) measured: Vec<Vec<u8>>,
    /// Types that are not asked because asking might block.
    pub(super) types: BTreeSet<String>,
    /// Mounts beyond [`MEASURED_MAX`].
    pub(super) left_out: usize,
}

#[derive(Debug)]
struct Mount<'a> {
    device: &'a [u8],
    /// Whether the whole file system is mounted here, not a folder of it.
    is_whole: bool,
    point: Vec<u8>,
    sort: String,
}

/// Chooses from the text of `mountinfo`: local types, each file system once.
pub(super) fn choose(bytes: &[u8]) -> Chosen {
    let mounts: Vec<_> = lines(bytes).filter_map(mount).collect();
    let mut chosen = Chosen::default();
    let mut remote = Vec::new();
    for mount in &mounts {
        let sort = mount.sort.as_str();
        if !LOCAL.contains(&sort) && !WITHOUT_SPACE.contains(&sort) {
            chosen.types.insert(mount.sort.clone());
            remote.push(mount.point.as_slice());
        }
    }
    // The last mount on a point hides those before; of several points of one
    // file system that of the whole of it counts, then the shortest.
    let visible: BTreeMap<_, _> = mounts.iter().map(|it| (&it.point, it)).collect();
    let mut best: BTreeMap<&[u8], &Mount<'_>> = BTreeMap::new();
    for mount in visible.into_values().filter(|it| is_measured(it, &remote)) {
        let kept = best.entry(mount.device).or_insert(mount);
        let rank = |it: &Mount<'_>| (!it.is_whole, it.point.len());
        if rank(mount) < rank(kept) {
            *kept = mount;
        }
    }
    chosen.measured = best.into_values().map(|it| it.point.clone()).collect();
    chosen.measured.sort();
    chosen.left_out = chosen.measured.len().saturating_sub(MEASURED_MAX);
    chosen.measured.truncate(MEASURED_MAX);
    chosen
}

fn is_measured(mount: &Mount<'_>, remote: &[&[u8]]) -> bool {
    // Every container has an overlay, made of space that is counted where it lies;
    // inside a container it is the root, and all there is.
    let is_layer = mount.sort == "overlay" && mount.point != b"/";
    LOCAL.contains(&mount.sort.as_str())
        && !is_layer
        && !remote
            .iter()
            .any(|above| is_at_or_below(&mount.point, above))
}

fn is_at_or_below(path: &[u8], above: &[u8]) -> bool {
    match path.strip_prefix(above) {
        Some(rest) => rest.is_empty() || rest.starts_with(b"/") || above == b"/",
        None => false,
    }
}

/// Takes apart `id parent device root point options [more…] - type source options`.
fn mount(line: &[u8]) -> Option<Mount<'_>> {
    let mut fields = fields(line);
    let device = fields.nth(2)?;
    let root = fields.next()?;
    let point = unescaped(fields.next()?);
    fields.find(|field| *field == b"-")?;
    let sort = std::str::from_utf8(fields.next()?).ok()?.to_owned();
    fields.next()?;
    point.starts_with(b"/").then_some(Mount {
        device,
        is_whole: root == b"/",
        point,
        sort,
    })
}

/// Puts back the bytes that the kernel writes as `\040`.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        match after.get(..3).and_then(octal).filter(|_| *first == b'\\') {
            Some(byte) => {
                out.push(byte);
                rest = &after[3..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

fn octal(digits: &[u8]) -> Option<u8> {
    let number = number(digits)?;
    let (a, b, c) = (number / 100, number / 10 % 10, number % 10);
    (a < 4 && b < 8 && c < 8).then_some(())?;
    u8::try_from(a * 64 + b * 8 + c).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &str, measured: &[&str], types: &[&str]) {
        let chosen = choose(list.as_bytes());
        let found: Vec<_> = chosen
            .measured
            .iter()
            .map(|path| String::from_utf8_lossy(path).into_owned())
            .collect();
        assert_eq!(found, measured);
        assert_eq!(chosen.types.into_iter().collect::<Vec<_>>(), types);
    }

    #[test]
    fn each_local_file_system_is_taken_once() {
        check(
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
             23 22 0:21 / /proc rw - proc proc rw\n\
             24 22 8:2 /sub /a/b rw shared:1 - xfs /dev/sda2 rw\n\
             25 22 8:2 / /data\\040one rw shared:1 - xfs /dev/sda2 rw\n\
             26 22 8:1 /etc /chroot/etc rw - ext4 /dev/sda1 rw\n\
             27 22 0:30 / /var/layers/1 rw - overlay overlay rw\n",
            &["/", "/data one"],
            &[],
        );
    }

    #[test]
    fn nothing_below_a_remote_mount_is_touched() {
        check(
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
             23 22 0:40 / /net rw - nfs4 far:/x rw\n\
             24 23 8:2 / /net/local rw - ext4 /dev/sdb1 rw\n\
             25 22 0:41 / /home/sshfs rw - fuse.sshfs far:/ rw\n\
             26 22 8:3 / /network rw - ext4 /dev/sdc1 rw\n",
            &["/", "/network"],
            &["fuse.sshfs", "nfs4"],
        );
    }

    #[test]
    fn the_last_mount_on_a_point_hides_the_others() {
        check(
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
             23 22 8:2 / /a rw - ext4 /dev/sdb1 rw\n\
             24 23 0:50 / /a rw - nfs far:/x rw\n\
             cut 24 2\n",
            &["/"],
            &["nfs"],
        );
    }
}
