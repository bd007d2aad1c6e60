//! Type ids as the reference compiler derives them.
//!
//! In: the id of the parent (a file, an interface) and a name. Out: the first eight bytes of
//! MD5(parent as little-endian bytes, name), read big-endian, with the highest bit set.

/// The id of the declaration `name` inside the scope `parent`.
#[must_use]
pub const fn child_id(parent: u64, name: &str) -> u64 {
    let digest = md5(&parent.to_le_bytes(), name.as_bytes());
    let mut id = 0;
    let mut index = 0;
    while index < 8 {
        id = id << 8 | digest[index] as u64;
        index += 1;
    }
    id | 1 << 63
}

/// The id of a method's implicit parameter or result struct: as [`child_id`], of the interface's
/// id, the ordinal as two little-endian bytes, and a byte that is 1 for results.
#[must_use]
pub const fn method_struct_id(interface: u64, ordinal: u16, results: bool) -> u64 {
    let ordinal = ordinal.to_le_bytes();
    let digest = md5(&interface.to_le_bytes(), &[ordinal[0], ordinal[1], results as u8]);
    let mut id = 0;
    let mut index = 0;
    while index < 8 {
        id = id << 8 | digest[index] as u64;
        index += 1;
    }
    id | 1 << 63
}

/// Left rotations of the four rounds, RFC 1321 section 3.4.
const ROTATE: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// `floor(2^32 * abs(sin(i + 1)))`, RFC 1321 section 3.4.
const SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

/// One byte of the padded message `head ++ tail`.
const fn padded(head: &[u8; 8], tail: &[u8], index: usize, total: usize) -> u8 {
    let length = head.len() + tail.len();
    if index < head.len() {
        head[index]
    } else if index < length {
        tail[index - head.len()]
    } else if index == length {
        0x80
    } else if index >= total - 8 {
        (length as u64 * 8).to_le_bytes()[index - (total - 8)]
    } else {
        0
    }
}

const fn md5(head: &[u8; 8], tail: &[u8]) -> [u8; 16] {
    let total = (head.len() + tail.len() + 9).div_ceil(64) * 64;
    let mut state = [0x67452301u32, 0xefcdab89, 0x98badcfe, 0x10325476];
    let mut block = 0;
    while block < total {
        let mut words = [0u32; 16];
        let mut word = 0;
        while word < 16 {
            let at = block + word * 4;
            words[word] = u32::from_le_bytes([
                padded(head, tail, at, total),
                padded(head, tail, at + 1, total),
                padded(head, tail, at + 2, total),
                padded(head, tail, at + 3, total),
            ]);
            word += 1;
        }
        let [mut a, mut b, mut c, mut d] = state;
        let mut step = 0;
        while step < 64 {
            let (mix, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let sum = a.wrapping_add(mix).wrapping_add(SINES[step]).wrapping_add(words[word]);
            a = d;
            d = c;
            c = b;
            b = b.wrapping_add(sum.rotate_left(ROTATE[step / 16][step % 4]));
            step += 1;
        }
        state = [
            state[0].wrapping_add(a),
            state[1].wrapping_add(b),
            state[2].wrapping_add(c),
            state[3].wrapping_add(d),
        ];
        block += 64;
    }
    let mut digest = [0; 16];
    let mut index = 0;
    while index < 16 {
        digest[index] = state[index / 4].to_le_bytes()[index % 4];
        index += 1;
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::child_id;

    #[test]
    fn ids_equal_those_of_the_facts_tables() {
        assert_eq!(child_id(0xf2c5_cfa3_1940_6aa6, "Init"), 0x8838_c700_ba5c_ba65);
        assert_eq!(child_id(0x888b_4f7f_51e6_91f7, "Echo"), 0xd36b_8964_0dc9_4399);
        assert_eq!(child_id(0xcc31_6e3f_71a0_40fb, "ThreadMap"), 0xee5e_3717_9ad9_dc9d);
        assert_eq!(child_id(0xcc31_6e3f_71a0_40fb, "Thread"), 0x81c1_e260_0d0b_56c5);
    }
}
