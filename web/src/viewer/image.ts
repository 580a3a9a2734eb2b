// From a fetched picture to pixels that can be windowed.

export async function decodeImage(b: Blob): Promise<ImageData> {
  // No colour conversion: grey values must stay what the scan holds.
  const bitmap = await createImageBitmap(b, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
  try {
    const canvas = document.createElement('canvas')
    canvas.width = bitmap.width
    canvas.height = bitmap.height
    const ctx = canvas.getContext('2d', { willReadFrequently: true })
    if (ctx === null) throw new Error('this browser has no Canvas 2-D')
    ctx.drawImage(bitmap, 0, 0)
    return ctx.getImageData(0, 0, bitmap.width, bitmap.height)
  } finally {
    bitmap.close()
  }
}
