import type { InputHTMLAttributes, ReactElement } from 'react'

type Input = Omit<InputHTMLAttributes<HTMLInputElement>, 'id' | 'onChange' | 'value'>

interface Properties extends Input {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly hint?: string
  /** What is wrong with the value, said to who cannot see it too. */
  readonly mistake?: string
}

export function Field({ id, label, hint, mistake, onChange, ...input }: Properties): ReactElement {
  const about = `${id}-mistake`
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} {hint !== undefined && <span className="quiet">{hint}</span>}
      </label>
      <input
        id={id}
        type="text"
        {...input}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={mistake !== undefined}
        {...(mistake !== undefined && { 'aria-describedby': about })}
      />
      {mistake !== undefined && (
        <p className="mistake" id={about}>
          {mistake}
        </p>
      )}
    </div>
  )
}
