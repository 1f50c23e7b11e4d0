/** Cells of the picture of what a network answers, in each direction, and the range of inputs that it shows. */
export const mapSide = 32;
export const [mapLow, mapHigh] = [-0.5, 1.5];
