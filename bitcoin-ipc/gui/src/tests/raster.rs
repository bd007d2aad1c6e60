//! Pictures of the window, without a display.
//!
//! In: what egui wants to have drawn. Out: pixels, the same ones on each machine of a kind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use eframe::egui::epaint::{ClippedPrimitive, ImageData, Mesh, Primitive, Vertex};
use eframe::egui::{Color32, Context, FullOutput, Pos2, Rect, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;

/// A picture.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<Color32>,
}

impl Picture {
    fn new(width: usize, height: usize, color: Color32) -> Picture {
        Picture { width, height, pixels: vec![color; width * height] }
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> Color32 {
        self.pixels[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
    }

    /// A picture of which each pixel is the mean of so many by so many.
    pub(crate) fn shrunk(&self, by: usize) -> Picture {
        let (width, height) = (self.width / by, self.height / by);
        let mut small = Picture::new(width, height, Color32::BLACK);
        for (place, pixel) in small.pixels.iter_mut().enumerate() {
            let (left, top) = (place % width * by, place / width * by);
            let mut sum = [0_usize; 3];
            for (x, y) in (0..by * by).map(|index| (left + index % by, top + index / by)) {
                let color = self.at(x, y);
                for (sum, part) in sum.iter_mut().zip([color.r(), color.g(), color.b()]) {
                    *sum += usize::from(part);
                }
            }
            let mean = sum.map(|sum| u8::try_from(sum / (by * by)).unwrap_or(u8::MAX));
            *pixel = Color32::from_rgb(mean[0], mean[1], mean[2]);
        }
        small
    }

    /// Pictures of one size, so many in a row.
    pub(crate) fn sheet(pictures: &[Picture], columns: usize) -> Picture {
        let (width, height) = (pictures[0].width, pictures[0].height);
        let mut sheet =
            Picture::new(width * columns, height * pictures.len().div_ceil(columns), Color32::BLACK);
        for (index, picture) in pictures.iter().enumerate() {
            let (left, top) = (index % columns * width, index / columns * height);
            for (row, line) in picture.pixels.chunks(width).enumerate() {
                let start = (top + row) * sheet.width + left;
                sheet.pixels[start..start + width].copy_from_slice(line);
            }
        }
        sheet
    }

    /// Reads a PNG as they are written here.
    pub(crate) fn load(path: &std::path::Path) -> Option<Picture> {
        let file = std::io::BufReader::new(std::fs::File::open(path).ok()?);
        let mut reader = png::Decoder::new(file).read_info().ok()?;
        let mut bytes = vec![0; reader.output_buffer_size()?];
        let info = reader.next_frame(&mut bytes).ok()?;
        let pixels = bytes.chunks_exact(3).map(|part| Color32::from_rgb(part[0], part[1], part[2]));
        Some(Picture { width: info.width as usize, height: info.height as usize, pixels: pixels.collect() })
    }

    /// Writes it as a PNG.
    pub(crate) fn save(&self, path: &std::path::Path) {
        let file = std::fs::File::create(path).expect("a file");
        let (width, height) = (self.width as u32, self.height as u32);
        let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        let bytes: Vec<u8> = self.pixels.iter().flat_map(|color| [color.r(), color.g(), color.b()]).collect();
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&bytes).expect("a picture");
    }
}

impl Picture {
    /// Writes it as a PNG with as few colours as a page needs, for somebody to look at.
    pub(crate) fn save_small(&self, path: &std::path::Path) {
        // Shades nobody tells apart are one.
        let rounded = |color: &Color32| [color.r(), color.g(), color.b()].map(|part| part / 16 * 17);
        let colors: std::collections::BTreeSet<[u8; 3]> = self.pixels.iter().map(rounded).collect();
        let colors: Vec<[u8; 3]> = colors.into_iter().collect();
        if colors.len() > 256 {
            return self.save(path);
        }
        let place = |color: &Color32| colors.binary_search(&rounded(color)).unwrap_or_default() as u8;
        let file = std::fs::File::create(path).expect("a file");
        let (width, height) = (self.width as u32, self.height as u32);
        let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), width, height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(colors.concat());
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().expect("a header");
        let bytes: Vec<u8> = self.pixels.iter().map(place).collect();
        writer.write_image_data(&bytes).expect("a picture");
    }
}

/// The textures of a window.
#[derive(Clone, Default)]
pub(crate) struct Textures(Arc<Mutex<HashMap<TextureId, Picture>>>);

impl TestRenderer for Textures {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        let mut known = self.0.lock().expect("textures");
        let changes =
            delta.set.drain().flat_map(|(id, changes)| changes.into_iter().map(move |change| (id, change)));
        for (id, change) in changes {
            let ImageData::Color(image) = &change.image;
            let [width, height] = image.size;
            match change.pos {
                None => {
                    let pixels = image.pixels.clone();
                    known.insert(id, Picture { width, height, pixels });
                }
                Some([left, top]) => {
                    let whole = known.get_mut(&id).expect("a texture");
                    for y in 0..height {
                        for x in 0..width {
                            whole.pixels[(top + y) * whole.width + left + x] = image.pixels[y * width + x];
                        }
                    }
                }
            }
        }
        for id in delta.free.drain() {
            known.remove(&id);
        }
    }
}

impl Textures {
    /// Draws a frame.
    pub(crate) fn draw(&self, ctx: &Context, output: &FullOutput) -> Picture {
        let scale = ctx.pixels_per_point();
        let size = ctx.content_rect().size() * scale;
        let ground = ctx.global_style().visuals.panel_fill;
        let mut picture = Picture::new(size.x.round() as usize, size.y.round() as usize, ground);
        let known = self.0.lock().expect("textures");
        for ClippedPrimitive { clip_rect, primitive } in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = primitive else { continue };
            if let Some(texture) = known.get(&mesh.texture_id) {
                draw_mesh(&mut picture, &mesh, texture, clip_rect, scale);
            }
        }
        picture
    }
}

fn draw_mesh(picture: &mut Picture, mesh: &Mesh, texture: &Picture, clip: Rect, scale: f32) {
    let clip = Rect::from_min_max(clip.min * scale, clip.max * scale);
    for corners in mesh.indices.chunks_exact(3) {
        let corner = |index: usize| {
            let vertex = mesh.vertices[corners[index] as usize];
            Vertex { pos: vertex.pos * scale, ..vertex }
        };
        draw_triangle(picture, [corner(0), corner(1), corner(2)], texture, clip);
    }
}

/// Twice the area of a triangle, with its sign.
fn area(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Whether a point on this edge belongs to the triangle, so that of two beside each other one has it.
fn owns(from: Pos2, to: Pos2) -> bool {
    (from.y == to.y && to.x > from.x) || to.y < from.y
}

fn draw_triangle(picture: &mut Picture, mut corners: [Vertex; 3], texture: &Picture, clip: Rect) {
    let whole = area(corners[0].pos, corners[1].pos, corners[2].pos);
    if whole == 0.0 {
        return;
    }
    if whole < 0.0 {
        corners.swap(1, 2);
    }
    let whole = whole.abs();
    let [a, b, c] = corners;
    // Most of a window is of one colour.
    let plain = (a.color == b.color && b.color == c.color && a.uv == b.uv && b.uv == c.uv)
        .then(|| shade(inks(&a), sample(texture, a.uv.x, a.uv.y)));
    let points = [a.pos, b.pos, c.pos];
    let bound = Rect::from_points(&points).intersect(clip);
    let span = |low: f32, high: f32, most: usize| {
        let low = (low - 0.5).ceil().max(0.0) as usize;
        let high = ((high - 0.5).floor() + 1.0).clamp(0.0, most as f32) as usize;
        low..high.max(low)
    };
    for y in span(bound.top(), bound.bottom(), picture.height) {
        for x in span(bound.left(), bound.right(), picture.width) {
            let point = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            let weights = [area(b.pos, c.pos, point), area(c.pos, a.pos, point), area(a.pos, b.pos, point)];
            let edges = [(b.pos, c.pos), (c.pos, a.pos), (a.pos, b.pos)];
            let inside = weights
                .iter()
                .zip(edges)
                .all(|(weight, (from, to))| *weight > 0.0 || (*weight == 0.0 && owns(from, to)));
            if !inside {
                continue;
            }
            let source = plain.unwrap_or_else(|| {
                let mix = |value: fn(&Vertex) -> f32| {
                    (weights[0] * value(&a) + weights[1] * value(&b) + weights[2] * value(&c)) / whole
                };
                let ink = [
                    mix(|corner| f32::from(corner.color.r())),
                    mix(|corner| f32::from(corner.color.g())),
                    mix(|corner| f32::from(corner.color.b())),
                    mix(|corner| f32::from(corner.color.a())),
                ];
                shade(ink, sample(texture, mix(|corner| corner.uv.x), mix(|corner| corner.uv.y)))
            });
            if source[3] >= 255.0 {
                picture.pixels[y * picture.width + x] =
                    Color32::from_rgb(source[0] as u8, source[1] as u8, source[2] as u8);
                continue;
            }
            let place = &mut picture.pixels[y * picture.width + x];
            let rest = 1.0 - source[3] / 255.0;
            let blend = |new: f32, old: u8| (new + f32::from(old) * rest).round().clamp(0.0, 255.0) as u8;
            *place = Color32::from_rgb(
                blend(source[0], place.r()),
                blend(source[1], place.g()),
                blend(source[2], place.b()),
            );
        }
    }
}

fn inks(corner: &Vertex) -> [f32; 4] {
    [corner.color.r(), corner.color.g(), corner.color.b(), corner.color.a()].map(f32::from)
}

/// A colour through a texture.
fn shade(ink: [f32; 4], dot: [f32; 4]) -> [f32; 4] {
    [0, 1, 2, 3].map(|part| ink[part] * dot[part] / 255.0)
}

/// The colour of a texture at a place from 0 to 1, between its four nearest pixels.
fn sample(texture: &Picture, u: f32, v: f32) -> [f32; 4] {
    let (x, y) = (u * texture.width as f32 - 0.5, v * texture.height as f32 - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (right, down) = (x - left, y - top);
    let at = |dx: f32, dy: f32| {
        let color = texture.at((left + dx).max(0.0) as usize, (top + dy).max(0.0) as usize);
        [color.r(), color.g(), color.b(), color.a()].map(f32::from)
    };
    let corners = [
        (at(0.0, 0.0), (1.0 - right) * (1.0 - down)),
        (at(1.0, 0.0), right * (1.0 - down)),
        (at(0.0, 1.0), (1.0 - right) * down),
        (at(1.0, 1.0), right * down),
    ];
    let mut mixed = [0.0; 4];
    for (color, part) in corners {
        for (sum, value) in mixed.iter_mut().zip(color) {
            *sum += value * part;
        }
    }
    mixed
}
