"""SaliencyMix in PyTorch operations, on whatever device: the fine-grained saliency of native/core/saliency/fine_grained.h
with the same whole numbers, the box around each source's peak, and the patches of a whole batch pasted at once.

Nothing in here waits for the device, so that a card's queue never runs empty.
"""
import torch

REACHES = (12, 24, 48, 28, 56, 112)


def mirrored(length, before, after, device):
    """Positions -before .. length + after - 1, mirrored at the borders without repeating them."""
    at = torch.arange(-before, length + after, device=device)
    if length == 1:
        return torch.zeros_like(at)
    at = at.abs()
    return torch.where(at >= length, 2 * (length - 1) - at, at)


def gray_of(images):
    """n x H x W of whole numbers, of n x H x W x 3 uint8."""
    red, green, blue = images.to(torch.int32).unbind(-1)
    return (9798 * red + 19235 * green + 3735 * blue + 16384) >> 15


def smooth(gray):
    """[1 2 1] x [1 2 1] / 16, rounded."""
    _, height, width = gray.shape
    rows = gray.index_select(1, mirrored(height, 1, 1, gray.device))
    down = rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]
    cols = down.index_select(2, mirrored(width, 1, 1, gray.device))
    return (cols[:, :, :-2] + 2 * cols[:, :, 1:-1] + cols[:, :, 2:] + 8) >> 4


def integral_of(gray):
    sums = gray.cumsum(1, dtype=torch.int32).cumsum(2, dtype=torch.int32)
    return torch.nn.functional.pad(sums, (1, 0, 1, 0))


def window(length, reach, device):
    at = torch.arange(length, device=device)
    return (at - reach + 1).clamp(min=0), (at + reach + 1).clamp(max=length)


def contrasts(gray):
    """on and off of every pixel: by how much it is brighter, and darker, than what is around it, over all windows."""
    _, height, width = gray.shape
    integral = integral_of(gray)
    on, off = torch.zeros_like(gray), torch.zeros_like(gray)
    for reach in REACHES:
        top, bottom = window(height, reach, gray.device)
        left, right = window(width, reach, gray.device)
        strips = integral.index_select(1, bottom) - integral.index_select(1, top)
        sums = strips.index_select(2, right) - strips.index_select(2, left)
        area = ((bottom - top)[:, None] * (right - left)[None, :]).to(torch.int32)
        others = (area - 1).clamp(min=1)  # alone, a pixel differs from the sum by 0
        difference = torch.div(gray * area - sums, others, rounding_mode="trunc")
        on += difference.clamp(min=0)
        off += (-difference).clamp(min=0)
    return on, off


def share_of_most(values):
    most = values.amax((1, 2), keepdim=True).clamp(min=1)
    return torch.div(255 * values, most, rounding_mode="floor")


def fine_grained(images):
    """n x H x W of 0 .. 255: the map times 255."""
    on, off = contrasts(smooth(smooth(gray_of(images))))
    return (share_of_most(on) + share_of_most(off)).clamp(max=255)


def peaks_of(maps):
    """Row and column of each map's most salient pixel, the first of equal ones."""
    count, height, width = maps.shape
    size = height * width
    order = torch.arange(size - 1, -1, -1, device=maps.device, dtype=torch.int64)
    best = (maps.reshape(count, size).to(torch.int64) * size + order).amax(1)
    index = size - 1 - best % size
    return torch.div(index, width, rounding_mode="floor"), index % width


def cut_of(length, shares):
    """Side of a patch that leaves these shares of the target (float64)."""
    return torch.floor(length * torch.sqrt(1 - shares)).to(torch.int64)


def starts(at, cut, length):
    centred = at - torch.div(cut, 2, rounding_mode="floor")
    return torch.minimum(centred.clamp(min=0), length - cut)


def boxes_around(peaks, sides, height, width):
    """Top, left, bottom, right of patches with these sides around the peaks, moved inside."""
    (row, col), (rows, cols) = peaks, sides
    top, left = starts(row, rows, height), starts(col, cols, width)
    return torch.stack((top, left, top + rows, left + cols), 1)


def paste(images, sources, boxes):
    _, height, width, _ = images.shape
    row = torch.arange(height, device=images.device)[None, :, None]
    col = torch.arange(width, device=images.device)[None, None, :]
    top, left, bottom, right = (side[:, None, None] for side in boxes.unbind(1))
    inside = (row >= top) & (row < bottom) & (col >= left) & (col < right)
    return torch.where(inside[..., None], images.index_select(0, sources), images)


def saliencymix(images, sources, sides):
    """n x H x W x 3 uint8, mixed; and the boxes. The source's peak is the place in the target, too."""
    _, height, width, _ = images.shape
    row, col = (at.index_select(0, sources) for at in peaks_of(fine_grained(images)))
    boxes = boxes_around((row, col), sides, height, width)
    return paste(images, sources, boxes), boxes


def normalise(images, mean, std, dtype):
    """n x 3 x H x W of uint8 n x H x W x 3, in the order of operations of the package: times 1 / (255 std), in float32."""
    planes = images.permute(0, 3, 1, 2).to(torch.float32)
    return ((planes - 255 * mean) * (1 / (255 * std))).to(dtype).contiguous()
