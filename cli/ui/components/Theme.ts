import { createContext } from 'react';

/** What the terminal can show. */
export interface Theme {
  colors: boolean;
  /** Only ASCII characters. */
  ascii: boolean;
}

export const ThemeContext = createContext<Theme>({ colors: false, ascii: false });
